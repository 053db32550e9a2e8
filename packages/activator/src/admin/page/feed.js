// @ts-check
/** @import { ColdStartRecord, StatusReport } from '@pilotlight/telemetry' */
/** @import { Link } from './vitals.js' */

/** How long nothing may come before the page asks by itself, ms. A report comes every second. */
const SILENCE_MS = 5_000
/** How long an answer may take, ms. */
const ANSWER_MS = 4_000
/** How long after a lost connection it is tried again, ms. */
const RETRY_MS = 2_000
const TICK_MS = 1_000
/** The version of the report that this page understands. */
const VERSION = 1

/**
 * @typedef {object} Listener
 * @property {(report: StatusReport) => void} onReport
 * @property {(record: ColdStartRecord) => void} onColdStart
 * @property {(link: Link) => void} onLink also every second while it is not `live`
 */

/**
 * Brings the reports of the activator: by server-sent events, and by `GET /status` at first and while there are no events.
 *
 *     connecting ──report──▶ live ──no events, and no answer either──▶ lost ──report──▶ live
 */
export class Feed {
  /** @type {Listener} */
  #listener
  /** @type {Link} */
  #link = { state: 'connecting', since: Date.now() }
  /** @type {EventSource | null} */
  #source = null
  #newsAt = Date.now()
  #retryAt = 0
  #isAsking = false

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener
  }

  /** Connects, and stays so until the page is closed. */
  open() {
    this.#connect()
    void this.#ask()
    setInterval(() => this.#tick(), TICK_MS)
  }

  #connect() {
    const source = new EventSource('events')
    this.#source = source
    source.addEventListener('status', (event) => this.#onReport(event.data))
    source.addEventListener('cold-start', (event) => this.#onColdStart(event.data))
    // The page tries again itself: a browser gives up for good after an answer that is not 200.
    source.addEventListener('error', () => {
      source.close()
      if (this.#source !== source) return
      this.#source = null
      this.#retryAt = Date.now() + RETRY_MS
      void this.#ask()
    })
  }

  #tick() {
    const now = Date.now()
    if (this.#source === null && now >= this.#retryAt) {
      this.#connect()
      void this.#ask()
    } else if (now - this.#newsAt > SILENCE_MS) {
      void this.#ask()
    }
    if (this.#link.state !== 'live') this.#listener.onLink(this.#link)
  }

  async #ask() {
    if (this.#isAsking) return
    this.#isAsking = true
    try {
      const response = await fetch('status', { cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS) })
      if (!response.ok) throw new Error(`status ${response.status}`)
      this.#onReport(await response.text())
    } catch {
      this.#lose()
    } finally {
      this.#isAsking = false
    }
  }

  /** @param {string} text */
  #onReport(text) {
    const report = parsed(text)
    if (report?.version !== undefined && report.version !== VERSION) return this.#become('foreign')
    if (!Array.isArray(report?.revisions) || !Array.isArray(report.coldStarts)) return
    this.#newsAt = Date.now()
    this.#become('live')
    this.#listener.onReport(/** @type {StatusReport} */ (report))
  }

  /** @param {string} text */
  #onColdStart(text) {
    const record = parsed(text)
    if (typeof record?.id === 'string') this.#listener.onColdStart(/** @type {ColdStartRecord} */ (record))
  }

  #lose() {
    // An answer to the page's own question may be late while events come.
    if (this.#link.state !== 'live' || this.#source === null || Date.now() - this.#newsAt > SILENCE_MS)
      this.#become('lost')
    if (this.#source?.readyState === EventSource.OPEN && this.#link.state === 'lost') {
      // Open and silent: half a connection, which nobody will close.
      this.#source.close()
      this.#source = null
    }
  }

  /** @param {Link['state']} state */
  #become(state) {
    if (this.#link.state === state) return
    this.#link = { state, since: state === 'lost' ? this.#newsAt : Date.now() }
    this.#listener.onLink(this.#link)
  }
}

/**
 * @param {string} text
 * @returns {any} undefined for what is not an object in JSON
 */
function parsed(text) {
  try {
    const value = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
