import type { Exchange } from '@pilotlight/relay'
import type { Logger } from '@pilotlight/telemetry'
import fc from 'fast-check'
import t from 'tap'
import { goDuration, logFailure } from '../src/failure-log.ts'

t.test('a duration is printed as Go prints it', async (t) => {
  for (const [ms, text] of [
    [0, '0s'],
    [1, '1ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1500, '1.5s'],
    [60_000, '1m0s'],
    [90_000, '1m30s'],
    [3_600_000, '1h0m0s'],
    [3_661_001, '1h1m1.001s'],
  ] as const)
    t.equal(goDuration(ms), text)
})

t.test('a duration that is printed says how long it was', async () => {
  const unit: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 30 * 24 * 3_600_000 }), (ms) => {
      let sum = 0
      for (const [, amount, name] of goDuration(ms).matchAll(/([\d.]+)(ms|h|m|s)/g))
        sum += Number(amount) * unit[name]
      if (Math.round(sum) !== ms) throw new Error(`${ms} ms is printed as ${goDuration(ms)}`)
    }),
  )
})

t.test(
  'a clock that ran out is a warning in the words of Knative, the rest an error with its reason',
  async (t) => {
    const lines: unknown[][] = []
    const log = {
      warn: (...line: unknown[]) => void lines.push(['warn', ...line]),
      error: (...line: unknown[]) => void lines.push(['error', ...line]),
    } as unknown as Logger
    const exchange = {
      clocks: { totalMs: 300_000, responseStartMs: 1500, idleMs: 20, queueMs: 5000 },
      failureDetail: 'ECONNREFUSED',
    } as unknown as Exchange
    for (const failure of [
      'total-timeout',
      'response-start-timeout',
      'idle-timeout',
      'queue-timeout',
      'connect-refused',
    ] as const)
      logFailure(log, exchange, failure)
    t.strictSame(lines, [
      ['warn', 'Request timeout: 5m0s', {}],
      ['warn', 'Response start timeout: 1.5s', {}],
      ['warn', 'Idle timeout: 20ms', {}],
      ['warn', 'Queue timeout: 5s', {}],
      ['error', 'error reverse proxying request', { failure: 'connect-refused', detail: 'ECONNREFUSED' }],
    ])
  },
)
