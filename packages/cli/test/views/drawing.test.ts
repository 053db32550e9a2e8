import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { columnsOf } from '../../src/terminal/columns.ts'
import { paintWith } from '../../src/terminal/style.ts'
import { drawInstances } from '../../src/views/instance-table.ts'
import { logLineText } from '../../src/views/log-line.ts'
import { durationText } from '../../src/views/numbers.ts'
import { drawStatus } from '../../src/views/status-table.ts'
import { drawColdStart, drawTimeline } from '../../src/views/waterfall.ts'
import { coldStarts, reports } from '../support/reports.ts'

const widths = fc.integer({ min: 0, max: 200 })

function isNarrow(lines: readonly string[], width: number): boolean {
  return lines.every((line) => {
    const plain = stripVTControlCharacters(line)
    return columnsOf(plain) <= width && !/\p{Cc}/u.test(plain)
  })
}

t.test('no drawing is wider than the terminal, or has anything in it but text and colours', async (t) => {
  fc.assert(
    fc.property(reports, coldStarts, widths, fc.boolean(), (report, record, width, hasColours) => {
      const paint = paintWith(hasColours)
      const timeline = {
        requestId: record.requestId,
        coldStart: record,
        arrivedMs: -5,
        dispatchedMs: 10,
        firstByteMs: null,
        doneMs: record.totalMs,
        status: 200,
        instance: record.instance,
      }
      return [
        drawStatus(report, width, paint),
        drawInstances(report, width, paint),
        drawColdStart(record, width, paint),
        drawTimeline(timeline, width, paint),
      ].every((lines) => isNarrow(lines, width))
    }),
  )
  t.pass()
})

t.test('durations', async (t) => {
  const texts: readonly (readonly [number, string])[] = [
    [0, '0 ms'],
    [1.26, '1.3 ms'],
    [840.4, '840 ms'],
    [999.6, '1 s'],
    [1240, '1.24 s'],
    [125_000, '2 min 5 s'],
    [-3, '-3 ms'],
  ]
  for (const [ms, text] of texts) t.equal(durationText(ms), text)
})

t.test('lines of the log', async (t) => {
  const paint = paintWith(false)
  t.equal(
    logLineText('{"severity":"ERROR","message":"it failed","file":"a b","knative.dev/pod":"x"}', paint),
    'error: it failed (file="a b")',
  )
  t.equal(logLineText('no \u001b[2JJSON', paint), 'no JSON')
  t.equal(logLineText('{"a":1}', paint), '{"a":1}')
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => !/\p{Cc}/u.test(logLineText(line, paint))),
  )
})
