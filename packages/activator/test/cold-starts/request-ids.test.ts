import { RequestHead } from '@pilotlight/http1'
import type { Exchange } from '@pilotlight/relay'
import fc from 'fast-check'
import t from 'tap'
import { REQUEST_ID_MAX, RequestIds } from '../../src/cold-starts/request-ids.ts'

function exchange(...fields: string[]): Exchange {
  const request = new RequestHead()
  const bytes = Buffer.from(
    `GET / HTTP/1.1\r\nHost: a\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`,
    'latin1',
  )
  request.parse(bytes, 0, bytes.length)
  return { request } as Exchange
}

const added = ({ request }: Exchange): string | undefined => /X-Request-Id: (.*)\r\n/.exec(request.added)?.[1]

t.test('a sane id of a client that is trusted is taken over, and its request stays as it is', async (t) => {
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: REQUEST_ID_MAX,
  })
  fc.assert(
    fc.property(visible, (id) => {
      const one = exchange(`X-Request-Id: ${id}`)
      return new RequestIds('all', 'p').identify(one, true) === id && one.request.added === ''
    }),
  )
  t.pass('whatever it is')
})

t.test('anything else is replaced, and the new one goes on', async (t) => {
  const ids = new RequestIds('cold', 'p')
  const bad = ['', ' ', 'a b', 'caf\u00e9', 'a\tb', 'x'.repeat(REQUEST_ID_MAX + 1)]
  for (const [i, id] of bad.entries()) {
    const one = exchange(`X-Request-Id: ${id}`)
    const made = ids.identify(one, true)
    t.equal(made, `p-${i + 1}`)
    t.equal(added(one), made)
  }
  const untrusted = exchange('X-Request-Id: mine')
  t.equal(ids.identify(untrusted, false), 'p-7', 'who is not trusted names nothing')
  t.equal(added(untrusted), 'p-7')
  const without = exchange()
  t.equal(ids.identify(without, true), 'p-8')
  t.equal(added(without), 'p-8')
})

t.test('switched off, a request has an id to be found by, and is not changed', async (t) => {
  const ids = new RequestIds('off', 'p')
  const one = exchange()
  t.equal(ids.identify(one, true), 'p-1')
  t.equal(one.request.added, '')
  t.notOk(ids.areTold)
})
