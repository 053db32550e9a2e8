import t from 'tap'
import { appendForwardedFor } from '../src/forwarded-for.ts'
import { requestHead, valuesOf } from './support/request-head.ts'

const PEER = '10.0.0.9'

/** The values that go on, once the peer was appended. */
function passed(lines: readonly string[], isThere = lines.length > 0): string[] {
  const head = requestHead(...lines)
  appendForwardedFor(head, isThere, PEER)
  return valuesOf(head, 'x-forwarded-for').filter((value) => value !== '')
}

t.test('the peer is appended, all lines in one', async (t) => {
  t.strictSame(passed([]), [PEER])
  t.strictSame(passed(['X-Forwarded-For: a, b']), ['a, b, 10.0.0.9'])
  t.strictSame(passed(['X-Forwarded-For: a', 'X-Forwarded-For: b']), ['a, b, 10.0.0.9'])
})

t.test('one that does not go on, or says nothing, leaves no empty place before the peer', async (t) => {
  t.strictSame(passed(['X-Forwarded-For: a', 'Connection: X-Forwarded-For']), [PEER])
  t.strictSame(passed(['X-Forwarded-For:']), [PEER])
  t.strictSame(passed([], true), [PEER], 'nor does a caller that did not look')
})
