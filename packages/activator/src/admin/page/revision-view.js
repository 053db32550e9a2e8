// @ts-check
/** @import { RevisionRow } from './revision-row.js' */
/** @import { View } from './keyed-list.js' */
/** @import { RateHistory } from './rate-history.js' */
import { chevron, disclose, element, icon, setAttribute, setShown, setText } from './dom.js'
import { boxesView, detailView } from './revision-detail.js'
import { KeyedList } from './keyed-list.js'
import { sparkline } from './sparkline.js'

const COLUMNS = 9
/** More instances than this are only a number until the row is opened. */
const GAUGES_MAX = 8

/** @typedef {{ row: RevisionRow, history: RateHistory | undefined }} RevisionItem */

/**
 * A revision in the table: one row with its numbers, one with its trouble, and one that opens.
 * @param {{ id: string, isOpen: boolean, onToggle: (isOpen: boolean) => void }} options
 * @returns {View<RevisionItem>}
 */
export function revisionView({ id, isOpen, onToggle }) {
  const name = element('span', { class: 'name' })
  const button = element('button', { type: 'button', class: 'disclosure' }, [chevron(), name])
  const service = element('span', { class: 'note' })
  const state = icon()
  const stateText = element('span')
  const traffic = element('span', { class: 'traffic' })
  const instances = numbers()
  const gauges = element('span', { class: 'gauges', 'aria-hidden': 'true' })
  const gaugeList = new KeyedList(gauges, { keyOf: ({ key }) => key, create: boxesView })
  const held = numbers()
  const rates = numbers()
  const spark = sparkline()
  const latency = [
    element('td', { role: 'cell', 'data-label': 'p50' }),
    element('td', { role: 'cell', 'data-label': 'p90' }),
    element('td', { role: 'cell', 'data-label': 'p99' }),
  ]
  const trouble = element('span')
  const troubleRow = tableRow('trouble', [
    element('td', { role: 'cell', colspan: String(COLUMNS) }, [trouble]),
  ])
  const detail = detailView()
  const detailRow = tableRow('detail', [
    element('td', { role: 'cell', colspan: String(COLUMNS) }, [detail.root]),
  ])
  detailRow.id = id
  /** @type {RevisionRow | undefined} */
  let last
  const toggle = (/** @type {boolean} */ isNowOpen) => {
    if (last !== undefined) detail.update(last)
    onToggle(isNowOpen)
  }
  disclose({ button, part: detailRow, isOpen, onToggle: toggle })
  const root = element('tbody', { role: 'rowgroup', class: 'revision' }, [
    tableRow('summary', [
      element('th', { scope: 'row', role: 'rowheader' }, [button, service]),
      tableCell('State', 'state', [state.root, stateText]),
      tableCell('Traffic', '', [traffic]),
      tableCell('Instances', '', [...instances.nodes, gauges]),
      tableCell('Held', 'held', held.nodes),
      tableCell('Requests/s', 'rates', [element('span', { class: 'stack' }, rates.nodes), spark.root]),
      ...latency,
    ]),
    troubleRow,
    detailRow,
  ])
  return {
    root,
    update: ({ row, history }) => {
      last = row
      setAttribute(root, 'data-state', row.state)
      setAttribute(root, 'data-holds', String(row.isHolding))
      setText(name, row.name)
      setText(service, row.service)
      state.show(row.state)
      setText(stateText, row.stateText)
      setText(traffic, trafficText(row))
      instances.show(row.instances, row.isPanicking ? `${row.slots} · panic` : row.slots)
      gaugeList.update(
        row.instanceRows.length > GAUGES_MAX ? [] : row.instanceRows.filter(({ boxes }) => boxes > 0),
      )
      held.show(row.held, row.oldest)
      rates.show(row.requests, row.errors)
      setAttribute(rates.nodes[1], 'data-warns', String(row.errors !== ''))
      spark.show(row.state === 'unknown' ? undefined : history)
      latency.forEach((number, index) => setText(number, row.latency[index] ?? ''))
      setText(trouble, row.trouble)
      setShown(troubleRow, row.trouble !== '')
      if (!detailRow.hidden) detail.update(row)
    },
  }
}

/**
 * @param {RevisionRow} row
 * @returns {string} its share, and the tags that lead to it
 */
function trafficText({ routes }) {
  const share = routes.find((route) => route.tag === '')?.text ?? (routes.length === 0 ? 'none' : '0%')
  const tags = [...new Set(routes.filter((route) => route.tag !== '').map((route) => route.tag))]
  const shown = tags.slice(0, 2).join(', ')
  if (tags.length === 0) return share
  return `${share} · ${shown}${tags.length > 2 ? ` +${tags.length - 2}` : ''}`
}

/** A number with a note under it. */
function numbers() {
  const main = element('span', { class: 'main' })
  const note = element('span', { class: 'note' })
  return {
    nodes: /** @type {const} */ ([main, note]),
    show: (/** @type {string} */ text, /** @type {string} */ noteText) => {
      setText(main, text)
      setText(note, noteText)
    },
  }
}

/**
 * @param {string} label stands before the value where there is no room for columns
 * @param {string} className
 * @param {readonly Node[]} children
 */
function tableCell(label, className, children) {
  return element('td', { role: 'cell', 'data-label': label, class: className }, children)
}

/**
 * @param {string} className
 * @param {readonly Node[]} cells
 */
function tableRow(className, cells) {
  return element('tr', { role: 'row', class: className }, cells)
}
