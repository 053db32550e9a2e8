import { DEFAULT_LIMITS } from '@pilotlight/http1'
import t from 'tap'
import { HeadStore } from '../src/relay-scope.ts'

t.test('a spare head holds nothing of its last request', async (t) => {
  const store = new HeadStore(DEFAULT_LIMITS)
  const head = store.take()
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`)
  t.equal(head.parse(bytes, 0, bytes.length), bytes.length)
  store.give(head)
  t.equal(head.text, '')
  t.equal(head.target, '')
  t.equal(store.take(), head, 'it is lent again')
})
