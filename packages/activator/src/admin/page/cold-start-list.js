// @ts-check
/** @import { ColdStartRecord, StatusReport } from '@pilotlight/telemetry' */
/** @import { ColdStartItem } from './cold-start-view.js' */
import { coldStartView } from './cold-start-view.js'
import { byId, setShown, setText } from './dom.js'
import { counted, whole } from './format.js'
import { KeyedList } from './keyed-list.js'

/** As many are kept; the activator keeps about as many itself. */
const KEPT_MAX = 100
const SHOWN = 8

/** The last cold starts, newest first. */
export class ColdStartList {
  #section = byId('cold-starts')
  #items = byId('cold-start-items')
  #empty = byId('no-cold-starts')
  #more = byId('more-cold-starts')
  #fresh = byId('fresh-cold-starts')
  /** @type {KeyedList<ColdStartItem>} */
  #list
  /** Newest first. @type {readonly ColdStartRecord[]} */
  #records = []
  /** The newest one that is shown: the reader has the list under the pointer, and it must not move. @type {string | null} */
  #heldAt = null
  #shownMax = SHOWN
  #ids = 0
  /** Time of the activator, ms since the epoch. */
  #now = 0

  constructor() {
    this.#list = new KeyedList(this.#items, {
      keyOf: ({ record }) => record.id,
      create: ({ record }) => coldStartView(record, `cold-start-${(this.#ids += 1)}`),
    })
    this.#more.addEventListener('click', () => {
      this.#shownMax = KEPT_MAX
      this.show(null)
    })
    this.#fresh.addEventListener('click', () => {
      this.#heldAt = null
      this.#render(this.#records)
      this.#section.focus({ preventScroll: true })
    })
  }

  /**
   * Keeps cold starts, whether they are shown or not.
   * @param {readonly ColdStartRecord[]} records
   */
  remember(records) {
    const known = new Set(this.#records.map(({ id }) => id))
    const added = records.filter(({ id }) => !known.has(id))
    if (added.length === 0) return
    this.#records = [...this.#records, ...added]
      .toSorted((one, other) => endOf(other) - endOf(one))
      .slice(0, KEPT_MAX)
  }

  /** Another process has begun: what it knows is all there is. */
  forget() {
    this.#records = []
    this.#heldAt = null
  }

  /** @param {StatusReport | null} report null when only the list changed */
  show(report) {
    if (report !== null) this.#now = Date.parse(report.at)
    this.#heldAt = this.#isBeingRead() ? (this.#heldAt ?? this.#items.dataset.newest ?? null) : null
    const first =
      this.#heldAt === null
        ? 0
        : Math.max(
            0,
            this.#records.findIndex(({ id }) => id === this.#heldAt),
          )
    setText(this.#fresh, `Show ${counted(first, 'new cold start')}`)
    setShown(this.#fresh, first > 0)
    this.#render(this.#records.slice(first))
  }

  #isBeingRead() {
    return (
      this.#items.matches(':hover') ||
      this.#items.contains(document.activeElement) ||
      this.#fresh === document.activeElement
    )
  }

  /** @param {readonly ColdStartRecord[]} records */
  #render(records) {
    const shown = records.slice(0, this.#shownMax)
    this.#items.dataset.newest = shown[0]?.id ?? ''
    this.#list.update(shown.map((record) => ({ record, now: this.#now })))
    setShown(this.#empty, shown.length === 0)
    setText(this.#more, `Show ${whole(records.length - shown.length)} more`)
    setShown(this.#more, records.length > shown.length)
  }
}

/**
 * @param {ColdStartRecord} record
 * @returns {number} ms since the epoch
 */
function endOf(record) {
  return Date.parse(record.startedAt) + record.totalMs
}
