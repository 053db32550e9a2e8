// @ts-check
/** @import { StatusReport, RevisionState } from '@pilotlight/telemetry' */
import { setText } from './dom.js'
import { counted } from './format.js'
import { STATE_TEXTS, keyOf } from './revision-row.js'

/** More changes than this at once are told as a number. */
const TOLD_MAX = 3

/** Tells screen readers what changed its state. Numbers, which change all the time, are not told. */
export class Announcer {
  /** @type {HTMLElement} */
  #node
  /** @type {ReadonlyMap<string, RevisionState> | null} */
  #states = null

  /** @param {HTMLElement} node a live region */
  constructor(node) {
    this.#node = node
  }

  /** @param {string} text */
  say(text) {
    setText(this.#node, text)
  }

  /** @param {StatusReport} report */
  onReport(report) {
    const before = this.#states
    this.#states = new Map(report.revisions.map((revision) => [keyOf(revision), revision.state]))
    if (before === null) return
    const changed = report.revisions.filter((revision) => before.get(keyOf(revision)) !== revision.state)
    if (changed.length > TOLD_MAX) this.say(`${counted(changed.length, 'revision')} changed state`)
    else if (changed.length > 0) {
      this.say(changed.map(({ name, state }) => `${name}: ${STATE_TEXTS[state] ?? state}`).join('. '))
    }
  }
}
