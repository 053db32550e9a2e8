import t from 'tap'
import { grpcTimeoutMs } from '../src/grpc-timeout.ts'

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
