import fc from 'fast-check'
import t from 'tap'
import { HISTORY_MS, RateHistory } from '../../src/admin/page/rate-history.js'

t.test('the newest sample is at the right, and the highest at the top', async (t) => {
  const history = new RateHistory()
  history.add({ at: 0, requests: 0, errors: 0 })
  history.add({ at: HISTORY_MS / 2, requests: 10, errors: 0 })
  history.add({ at: HISTORY_MS, requests: 5, errors: 0 })
  t.strictSame(history.lines(100, 20), { requests: '0.0,20.0 50.0,0.0 100.0,10.0', errors: '' })
})

t.test('two minutes are kept, however often samples come', async () => {
  const steps = fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 600, size: 'max' })
  fc.assert(
    fc.property(steps, (steps) => {
      const history = new RateHistory()
      let at = 0
      for (const step of steps) history.add({ at: (at += step), requests: 1, errors: 1 })
      const points = history
        .lines(120, 20)
        .requests.split(' ')
        .filter((point) => point !== '')
      return points.length <= 121 && points.every((point) => Number(point.split(',')[0]) >= 0)
    }),
    { numRuns: 50 },
  )
})

t.test('a clock that was set back begins anew', async (t) => {
  const history = new RateHistory()
  history.add({ at: 90_000, requests: 3, errors: 0 })
  history.add({ at: 10_000, requests: 2, errors: 0 })
  t.equal(history.lines(100, 20).requests, '100.0,0.0')
})
