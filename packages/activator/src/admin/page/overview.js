// @ts-check
/** @import { StatusReport } from '@pilotlight/telemetry' */
/** @import { Link } from './vitals.js' */
import { byId, element, icon, setAttribute, setText } from './dom.js'
import { clock } from './format.js'
import { linkText, vitalsOf } from './vitals.js'

/** The head of the page: how it is connected, and how the process is. */
export class Overview {
  #link = byId('link')
  #linkText = byId('link-text')
  #linkIcon = icon()
  #vitals = byId('vitals')
  /** @type {Map<string, HTMLElement>} */
  #values = new Map()
  #paused = byId('paused')

  constructor() {
    this.#link.prepend(this.#linkIcon.root)
    for (const [label] of vitalsOf(null, false)) {
      const value = element('dd')
      this.#values.set(label, value)
      this.#vitals.append(element('div', {}, [element('dt', {}, [label]), value]))
    }
  }

  /**
   * @param {StatusReport | null} report
   * @param {boolean} isLive
   */
  showVitals(report, isLive) {
    for (const [label, text] of vitalsOf(report, isLive)) {
      const value = this.#values.get(label)
      if (value === undefined) continue
      setText(value, text)
      setAttribute(value, 'data-warns', String(text.startsWith('not ')))
    }
  }

  /**
   * @param {Link} link
   * @param {number} now
   */
  showLink(link, now) {
    setAttribute(this.#link, 'data-state', link.state)
    this.#linkIcon.show(
      link.state === 'live' ? 'ready' : link.state === 'connecting' ? 'starting' : 'trouble',
    )
    setText(this.#linkText, linkText(link, now))
  }

  /** @param {Date | null} since null while updates are shown */
  showPaused(since) {
    setText(
      this.#paused,
      since === null ? '' : `Paused at ${clock(since)}: nothing here changes until you resume.`,
    )
    this.#paused.hidden = since === null
  }
}
