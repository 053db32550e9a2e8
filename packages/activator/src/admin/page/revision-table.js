// @ts-check
/** @import { RevisionState, RevisionStatus, StatusReport } from '@pilotlight/telemetry' */
/** @import { RevisionItem } from './revision-view.js' */
import { byId, element, icon, setAttribute, setShown, setText } from './dom.js'
import { whole } from './format.js'
import { KeyedList } from './keyed-list.js'
import { RateHistory } from './rate-history.js'
import { STATE_TEXTS, isMatch, keyOf, rowOf } from './revision-row.js'
import { revisionView } from './revision-view.js'

/** Rows before the reader asks for more: enough to scroll through, few enough to change every second. */
const ROWS_SHOWN = 50
/** With so few revisions there is room to show all of each. */
const OPEN_MAX = 4
/** @type {readonly RevisionState[]} */
const STATES = ['ready', 'starting', 'trouble', 'ending', 'zero']

/** The revisions, with what the reader asked to see of them. */
export class RevisionTable {
  #table = byId('revision-table')
  /** @type {HTMLInputElement} */
  #filter = byId('filter')
  #empty = byId('no-revisions')
  #shownText = byId('revisions-shown')
  #more = byId('more-revisions')
  /** @type {KeyedList<RevisionItem>} */
  #list
  /** @type {Map<RevisionState, { button: HTMLElement, count: HTMLElement }>} */
  #chips = new Map()
  /** @type {Map<string, RateHistory>} */
  #histories = new Map()
  /** What the reader opened and closed. @type {Map<string, boolean>} */
  #isOpen = new Map()
  /** @type {RevisionState | null} */
  #state = null
  #rowsMax = ROWS_SHOWN
  #ids = 0
  /** @type {StatusReport | null} */
  #report = null
  #isLive = false

  constructor() {
    this.#list = new KeyedList(this.#table, {
      keyOf: ({ row }) => row.key,
      create: ({ row }) => this.#create(row.key),
      after: this.#table.firstElementChild,
    })
    for (const state of STATES) this.#addChip(state)
    this.#filter.addEventListener('input', () => this.#onFilter())
    this.#more.addEventListener('click', () => {
      this.#rowsMax += ROWS_SHOWN * 2
      this.#render()
    })
  }

  /**
   * Keeps the rates of a report, whether it is shown or not.
   * @param {StatusReport} report
   */
  remember(report) {
    const at = Date.parse(report.at)
    const histories = new Map()
    for (const revision of report.revisions) {
      const key = keyOf(revision)
      const history = this.#histories.get(key) ?? new RateHistory()
      history.add({ at, requests: revision.requestsPerSecond, errors: revision.errorsPerSecond })
      histories.set(key, history)
    }
    this.#histories = histories
  }

  /**
   * @param {StatusReport | null} report
   * @param {boolean} isLive
   */
  show(report, isLive) {
    this.#report = report
    this.#isLive = isLive
    this.#render()
  }

  #render() {
    const revisions = this.#report?.revisions ?? []
    const found = revisions.filter((revision) => this.#isFound(revision))
    const shown = found.slice(0, this.#rowsMax)
    this.#list.update(
      shown.map((revision) => ({
        row: rowOf(revision, this.#isLive),
        history: this.#histories.get(keyOf(revision)),
      })),
    )
    setShown(byId('revisions-frame'), found.length > 0)
    setText(this.#empty, this.#emptyText(revisions.length, found.length))
    setShown(this.#empty, found.length === 0)
    setText(
      this.#shownText,
      shown.length < revisions.length ? `${whole(shown.length)} of ${whole(revisions.length)} shown` : '',
    )
    setText(this.#more, `Show ${whole(Math.min(ROWS_SHOWN * 2, found.length - shown.length))} more`)
    setShown(this.#more, found.length > shown.length)
    this.#showChips(revisions)
  }

  /** @param {RevisionStatus} revision */
  #isFound(revision) {
    const hasState = this.#state === null || (this.#isLive && revision.state === this.#state)
    return hasState && isMatch(revision, this.#filter.value)
  }

  /**
   * @param {number} all
   * @param {number} found
   * @returns {string}
   */
  #emptyText(all, found) {
    if (found > 0) return ''
    if (this.#report === null) return 'Waiting for the activator.'
    if (all === 0)
      return 'No revision is configured. Give the activator a manifest: pilotlight up -f service.yaml'
    if (!this.#isLive) return 'States are not known until the activator can be reached.'
    return 'No revision matches. Clear the filter, or choose another state.'
  }

  /** @param {readonly RevisionStatus[]} revisions */
  #showChips(revisions) {
    for (const [state, { button, count }] of this.#chips) {
      const number = revisions.reduce((sum, revision) => sum + (revision.state === state ? 1 : 0), 0)
      setText(count, this.#isLive ? whole(number) : '–')
      setAttribute(button, 'data-none', String(number === 0))
    }
  }

  /** @param {RevisionState} state */
  #addChip(state) {
    const shape = icon()
    shape.show(state)
    const count = element('span', { class: 'count' }, ['–'])
    const button = element('button', { type: 'button', 'aria-pressed': 'false' }, [
      shape.root,
      `${STATE_TEXTS[state]} `,
      count,
    ])
    button.addEventListener('click', () => {
      this.#state = this.#state === state ? null : state
      for (const [other, chip] of this.#chips)
        chip.button.setAttribute('aria-pressed', String(other === this.#state))
      this.#onFilter()
    })
    this.#chips.set(state, { button, count })
    byId('states').append(button)
  }

  #onFilter() {
    this.#rowsMax = ROWS_SHOWN
    this.#render()
  }

  /** @param {string} key */
  #create(key) {
    this.#ids += 1
    const isOpen = this.#isOpen.get(key) ?? (this.#report?.revisions.length ?? 0) <= OPEN_MAX
    return revisionView({
      id: `revision-${this.#ids}`,
      isOpen,
      onToggle: (isNowOpen) => this.#isOpen.set(key, isNowOpen),
    })
  }
}
