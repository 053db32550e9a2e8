// @ts-check
/** @import { StatusReport } from '@pilotlight/telemetry' */
/** @import { Link } from './vitals.js' */
import { Announcer } from './announcer.js'
import { ColdStartList } from './cold-start-list.js'
import { byId, setShown, setText } from './dom.js'
import { Feed } from './feed.js'
import { Overview } from './overview.js'
import { RevisionTable } from './revision-table.js'

/** What came last, and when it is drawn: at most once per frame, and not while the reader has paused it. */
class Page {
  #overview = new Overview()
  #revisions = new RevisionTable()
  #coldStarts = new ColdStartList()
  #announcer = new Announcer(byId('announcements'))
  #pause = byId('pause')
  #hint = byId('hint')
  /** @type {StatusReport | null} */
  #report = null
  /** @type {Link} */
  #link = { state: 'connecting', since: Date.now() }
  #isPaused = false
  #isDrawing = false

  start() {
    this.#pause.addEventListener('click', () => this.#togglePause())
    new Feed({
      onReport: (report) => this.#onReport(report),
      onColdStart: (record) => {
        this.#coldStarts.remember([record])
        this.#draw()
      },
      onLink: (link) => this.#onLink(link),
    }).open()
    this.#overview.showLink(this.#link, Date.now())
    this.#draw()
  }

  /** @param {StatusReport} report */
  #onReport(report) {
    const isSameProcess = this.#report?.activator.startedAt === report.activator.startedAt
    // The answer to GET /status may come after an event that was sent later.
    if (isSameProcess && this.#report !== null && report.at < this.#report.at) return
    if (!isSameProcess) this.#coldStarts.forget()
    this.#report = report
    this.#revisions.remember(report)
    this.#coldStarts.remember(report.coldStarts)
    if (!this.#isPaused) this.#announcer.onReport(report)
    this.#draw()
  }

  /** @param {Link} link */
  #onLink(link) {
    if (link.state !== this.#link.state) {
      if (link.state === 'lost') this.#announcer.say('Not connected to the activator')
      if (link.state === 'live' && this.#link.state === 'lost') this.#announcer.say('Connected again')
    }
    this.#link = link
    this.#overview.showLink(link, Date.now())
    this.#draw()
  }

  #togglePause() {
    this.#isPaused = !this.#isPaused
    setText(this.#pause, this.#isPaused ? 'Resume' : 'Pause')
    document.documentElement.dataset.paused = String(this.#isPaused)
    this.#overview.showPaused(this.#isPaused ? new Date() : null)
    this.#draw()
  }

  #draw() {
    if (this.#isDrawing || this.#isPaused) return
    this.#isDrawing = true
    requestAnimationFrame(() => {
      this.#isDrawing = false
      if (this.#isPaused) return
      const isLive = this.#link.state === 'live'
      this.#overview.showVitals(this.#report, isLive)
      this.#revisions.show(this.#report, isLive)
      this.#coldStarts.show(this.#report)
      this.#showHint(isLive)
    })
  }

  /** @param {boolean} isLive */
  #showHint(isLive) {
    const revisions = this.#report?.revisions ?? []
    const host = revisions.flatMap(({ routes }) => routes)[0]?.host
    const isIdle = isLive && host !== undefined && revisions.every(({ state }) => state === 'zero')
    setText(this.#hint, isIdle ? `Nothing runs: send a request to ${host} and see it start.` : '')
    setShown(this.#hint, isIdle)
  }
}

new Page().start()
