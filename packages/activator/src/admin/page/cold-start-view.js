// @ts-check
/** @import { ColdStartRecord } from '@pilotlight/telemetry' */
/** @import { View } from './keyed-list.js' */
/** @import { Phase, Waterfall } from './waterfall.js' */
import { chevron, disclose, element, icon, setText } from './dom.js'
import { ago, counted, duration } from './format.js'
import { waterfallOf } from './waterfall.js'

/** @typedef {{ record: ColdStartRecord, now: number }} ColdStartItem */

/** @type {Readonly<Record<string, { shape: string, text: string }>>} */
const OUTCOMES = {
  served: { shape: 'ready', text: 'served' },
  abandoned: { shape: 'ending', text: 'abandoned' },
  failed: { shape: 'trouble', text: 'failed' },
}

/**
 * One cold start. It is over, so only its age changes.
 * @param {ColdStartRecord} record
 * @param {string} id of the part that opens
 * @returns {View<ColdStartItem>}
 */
export function coldStartView(record, id) {
  const outcome = OUTCOMES[record.outcome] ?? { shape: 'unknown', text: record.outcome }
  const shape = icon()
  shape.show(outcome.shape)
  const time = element('span', { class: 'note' })
  const button = element('button', { type: 'button', class: 'disclosure' }, [
    chevron(),
    element('span', { class: 'name' }, [record.revision]),
  ])
  const details = detailsOf(record)
  details.id = id
  disclose({ button, part: details, isOpen: false })
  const waterfall = waterfallOf(record)
  const root = element('li', { class: 'cold-start', 'data-outcome': record.outcome }, [
    element('div', { class: 'title' }, [
      element('h3', {}, [button]),
      element('span', { class: 'outcome' }, [shape.root, outcome.text]),
      element('span', { class: 'total' }, [duration(record.totalMs)]),
    ]),
    element('p', { class: 'sentence' }, [element('span', {}, [waterfall.sentence]), ' ', time]),
    ...(record.reason === '' ? [] : [element('p', { class: 'reason' }, [record.reason])]),
    chart(record, waterfall),
    details,
  ])
  return {
    root,
    update: ({ now }) => setText(time, ago(now - Date.parse(record.startedAt) - record.totalMs)),
  }
}

/**
 * The phases as a table whose middle column is a chart.
 * @param {ColdStartRecord} record
 * @param {Waterfall} waterfall
 */
function chart(record, waterfall) {
  const rows = waterfall.phases.map((phase) => phaseRow(phase, waterfall))
  return element('table', { class: 'waterfall', role: 'table' }, [
    element('caption', { class: 'unseen' }, [`Phases of the cold start of ${record.revision}`]),
    element('colgroup', {}, [
      element('col', { class: 'phase' }),
      element('col'),
      element('col', { class: 'took' }),
    ]),
    element('thead', { class: 'unseen', role: 'rowgroup' }, [
      element(
        'tr',
        { role: 'row' },
        ['Phase', 'Began after', 'Took'].map((text) =>
          element('th', { scope: 'col', role: 'columnheader' }, [text]),
        ),
      ),
    ]),
    element('tbody', { role: 'rowgroup' }, rows),
  ])
}

/**
 * @param {Phase} phase
 * @param {Waterfall} waterfall
 */
function phaseRow(phase, { from, to }) {
  const whole = Math.max(to - from, Number.EPSILON)
  const bar = element('span', { class: 'bar', 'aria-hidden': 'true' })
  bar.style.setProperty('--from', `${((100 * (phase.from - from)) / whole).toFixed(2)}%`)
  bar.style.setProperty('--length', `${((100 * phase.ms) / whole).toFixed(2)}%`)
  return element('tr', { role: 'row', 'data-longest': String(phase.isLongest) }, [
    element('th', { scope: 'row', role: 'rowheader' }, [phase.name]),
    element('td', { role: 'cell', class: 'track' }, [
      bar,
      element('span', { class: 'unseen' }, [duration(phase.from)]),
    ]),
    element('td', { role: 'cell', class: 'took' }, [duration(phase.ms)]),
  ])
}

/** @param {ColdStartRecord} record */
function detailsOf(record) {
  const facts = [
    ['Request', record.requestId],
    ['Waited', counted(record.requests, 'request')],
    ['Instance', record.instance || 'none became ready'],
    ['Namespace', record.namespace],
    ['Began', record.startedAt],
    ['Outcome', record.reason === '' ? record.outcome : `${record.outcome}: ${record.reason}`],
  ]
  return element(
    'dl',
    { class: 'facts' },
    facts.map(([label, text]) =>
      element('div', {}, [element('dt', {}, [label ?? '']), element('dd', {}, [text ?? ''])]),
    ),
  )
}
