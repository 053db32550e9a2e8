import type { Clocks } from '@pilotlight/relay'
import t from 'tap'
import { clocksUntil, grpcTimeoutMs } from '../src/grpc-timeout.ts'

t.test('units of the gRPC protocol', async (t) => {
  for (const [value, ms] of [
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3000],
    ['4m', 4],
    ['1500u', 2],
    ['1n', 1],
    ['0S', 1],
  ] as const)
    t.equal(grpcTimeoutMs(value), ms, value)
})

t.test('what is malformed, or too long to matter, is no timeout', async (t) => {
  for (const value of ['', 'S', '1', '1s', '-1S', '1.5S', '123456789S', ' 1S', '99999999H'])
    t.equal(grpcTimeoutMs(value), -1, value)
})

t.test('the deadline of a client shortens the total clock, and never makes it longer', async (t) => {
  const clocks: Clocks = {
    queueMs: 1,
    responseStartMs: 2,
    responseStartIncludesQueue: true,
    idleMs: 3,
    totalMs: 5000,
    tunnelMs: 4,
  }
  t.strictSame(clocksUntil(clocks, '1S'), { ...clocks, totalMs: 1000 })
  t.strictSame(clocksUntil({ ...clocks, totalMs: 0 }, '9S'), { ...clocks, totalMs: 9000 }, '0 is no clock')
  for (const kept of ['5S', '6S', 'soon', '']) t.equal(clocksUntil(clocks, kept), clocks, kept)
})
