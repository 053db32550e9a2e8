import { createServer, type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { Failure } from '../src/failure.ts'
import { answering, Origin, response } from './support/origin.ts'
import { type Peer, values } from './support/peer.ts'
import { get, post, Rig } from './support/rig.ts'
import { turns, until, within } from './support/within.ts'

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A rig whose first attempt goes where nobody listens; what canRetry says of each failure is kept. */
async function refusing(
  t: Test,
  onFailure: (again: () => void) => boolean,
): Promise<{ rig: Rig; retriable: boolean[] }> {
  const retriable: boolean[] = []
  const port = await deadPort()
  const rig = await Rig.start(t, {
    serve: answering((request) => response(request.body)),
    onRequest: (exchange, rig) => exchange.forward(rig.endpointTo(port)),
    onFailure: (exchange, failure, rig) => {
      retriable.push(exchange.canRetry(failure))
      return onFailure(() => exchange.forward(rig.endpoint))
    },
  })
  return { rig, retriable }
}

t.test(
  'a refused connection is answered with 502 and Proxy-Status when the service leaves it at that',
  async (t) => {
    const { rig } = await refusing(t, () => false)
    const client = await rig.connect()
    for (let i = 0; i < 2; i++) {
      client.sends(get())
      const answer = await client.readsMessage()
      t.equal(answer.status, 502)
      t.strictSame(values(answer, 'proxy-status'), ['pilotlight; error=connection_refused'])
      t.strictSame(values(answer, 'connection'), [], 'the client connection goes on')
      const ended = await rig.ended.next()
      t.strictSame([ended.outcome, ended.failure, ended.attempts], ['upstream-failed', 'connect-refused', 1])
    }
  },
)

t.test('a refused connection may be retried for every method, with the buffered body', async (t) => {
  const { rig, retriable } = await refusing(t, (again) => {
    again()
    return true
  })
  const client = await rig.connect()
  const body = 'b'.repeat(60_000)
  for (const bytes of [post(body), post(body).replace('POST', 'PATCH'), post('')]) {
    client.sends(bytes)
    t.equal((await client.readsMessage()).body.length, bytes.endsWith('b') ? 60_000 : 0)
    t.equal((await rig.ended.next()).attempts, 2)
  }
  t.strictSame(retriable, [true, true, true])
  t.strictSame(rig.failed.all, ['connect-refused', 'connect-refused', 'connect-refused'])
})

t.test('a retry may come later, while the body still comes in', async (t) => {
  let again = (): void => {}
  const { rig } = await refusing(t, (forward) => {
    again = forward
    return true
  })
  const client = await rig.connect()
  const body = 'b'.repeat(1_000_000)
  client.sends(post(body).slice(0, 40_000))
  await rig.failed.next()
  client.sends(post(body).slice(40_000))
  await turns(20)
  t.equal(client.receivedBytes, 0)
  again()
  t.equal((await client.readsMessage()).body, body)
})

t.test('a failure that was taken over can be answered later', async (t) => {
  const { rig } = await refusing(t, () => true)
  const client = await rig.connect()
  client.sends(get())
  await rig.failed.next()
  await turns(10)
  t.equal(client.receivedBytes, 0)
  rig.begun.all[0].reply(503, 'Retry-After: 1\r\n', 'later', 'refused')
  const answer = await client.readsMessage()
  t.strictSame([answer.status, answer.body, values(answer, 'retry-after')], [503, 'later', ['1']])
  t.equal((await rig.ended.next()).outcome, 'refused')
})

t.test('forward throws while an attempt is under way, and when it is over', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(get())
  const exchange = await rig.begun.next()
  t.throws(() => exchange.forward(rig.endpoint))
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  t.throws(() => exchange.forward(rig.endpoint))
  origin.sends(response('ok'))
  await client.readsMessage()
  t.throws(() => exchange.forward(rig.endpoint))
  t.strictSame([rig.origin.accepted.count, rig.ended.count], [1, 1])
})

// ── idle connections that died ────────────────────────────────────────────────────────────────────────────────────

/** Serves one request per connection, keeps it open, and closes it as soon as the next request comes. */
function closesOnReuse(how: (peer: Peer) => void): (peer: Peer) => Promise<void> {
  return async (peer) => {
    await peer.readsMessage()
    peer.sends(response('first'))
    await peer.reads(1)
    how(peer)
  }
}

for (const [how, closes] of [
  ['closed', (peer: Peer) => peer.ends()],
  ['reset', (peer: Peer) => peer.resets()],
] as const) {
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
    t.test(
      `a ${method} on an idle connection that is ${how} under it is sent again, and nobody notices`,
      async (t) => {
        const rig = await Rig.start(t, { serve: closesOnReuse(closes) })
        const client = await rig.connect()
        for (let i = 0; i < 3; i++) {
          client.sends(get().replace('GET', method))
          t.equal((await client.readsMessage(method)).status, 200)
          t.equal((await rig.ended.next()).outcome, 'ok')
        }
        t.equal(rig.origin.accepted.count, 3)
        t.strictSame(rig.failed.all, [])
      },
    )
  }

  t.test(`a POST on an idle connection that is ${how} under it is not sent again`, async (t) => {
    const retriable: boolean[] = []
    const rig = await Rig.start(t, {
      serve: closesOnReuse(closes),
      onFailure: (exchange, failure) => {
        retriable.push(exchange.canRetry(failure))
        return false
      },
    })
    const client = await rig.connect()
    client.sends(post('a'))
    await client.readsMessage()
    client.sends(post('b'))
    const answer = await client.readsMessage()
    t.equal(answer.status, 502)
    t.strictSame(values(answer, 'proxy-status'), ['pilotlight; error=connection_terminated'])
    t.strictSame(retriable, [false])
    t.strictSame([rig.origin.accepted.count, rig.failed.all], [1, ['upstream-closed']])
  })

  t.test(
    `a POST with an Idempotency-Key on an idle connection that is ${how} under it is sent again`,
    async (t) => {
      const rig = await Rig.start(t, { serve: closesOnReuse(closes) })
      const client = await rig.connect()
      for (const body of ['a', 'b']) {
        client.sends(post(body, '/', 'Idempotency-Key: 1\r\n'))
        t.equal((await client.readsMessage()).status, 200)
      }
      t.equal(rig.origin.accepted.count, 2)
    },
  )
}

t.test('a connection that the server closed while it was idle is not used', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  for (let i = 0; i < 3; i++) {
    client.sends(post('x'))
    const origin = await rig.origin.accepts()
    await origin.readsMessage()
    origin.sends(response('ok'))
    t.equal((await client.readsMessage()).body, 'ok')
    origin.ends()
    await until('the pool sees it', () => rig.endpoint.openConnections === 0)
  }
  t.strictSame(rig.failed.all, [])
})

t.test(
  'a body that was sent in part on a dead idle connection is sent again from its beginning',
  async (t) => {
    const rig = await Rig.start(t, { relay: { holdBytes: 1000 } })
    const client = await rig.connect()
    client.sends(get())
    const first = await rig.origin.accepts()
    await first.readsMessage()
    first.sends(response('one'))
    await client.readsMessage()
    const request = post('abcdefghij').replace('POST', 'PUT')
    client.sends(request.slice(0, -5))
    await first.readsThrough('abcde')
    first.resets()
    const second = await rig.origin.accepts()
    await second.readsThrough('abcde')
    client.sends('fghij')
    t.equal(await second.reads(5), 'fghij')
    second.sends(response('two'))
    t.equal((await client.readsMessage()).body, 'two')
  },
)

// ── failures of new connections ───────────────────────────────────────────────────────────────────────────────────

const FAILURES: [string, string, string, boolean][] = [
  ['a GET that was not answered', get(), '', true],
  ['a POST that was not answered', post('x'), '', false],
  ['a GET whose answer had begun', get(), 'HTTP/1.1 20', false],
  ['a GET that got an interim response', get(), 'HTTP/1.1 103 Early Hints\r\n\r\n', false],
]

for (const [what, request, sent, mayRetry] of FAILURES) {
  for (const how of ['ends', 'resets'] as const) {
    t.test(`canRetry is ${String(mayRetry)} for ${what} when the origin ${how}`, async (t) => {
      const seen: [Failure, boolean][] = []
      const rig = await Rig.start(t, {
        onFailure: (exchange, failure) => {
          seen.push([failure, exchange.canRetry(failure)])
          return false
        },
      })
      const client = await rig.connect()
      client.sends(request)
      const origin = await rig.origin.accepts()
      await origin.readsMessage()
      await origin.sendsWhole(sent === '' ? Buffer.alloc(0) : sent)
      if (sent.includes('103')) await client.readsMessage()
      else await turns(10)
      origin[how]()
      t.equal((await client.readsMessage()).status, 502)
      t.strictSame(seen, [[sent === '' ? 'upstream-closed' : 'response-incomplete', mayRetry]])
    })
  }
}

t.test('an idempotent request that got no answer is sent to another endpoint', async (t) => {
  const other = await Origin.start(
    t,
    answering(() => response('other')),
  )
  const rig = await Rig.start(t, {
    serve: async (peer) => {
      await peer.readsMessage()
      peer.resets()
    },
    onFailure: (exchange, failure, rig) => {
      if (exchange.canRetry(failure)) exchange.forward(rig.endpointTo(other.port))
      return exchange.canRetry(failure) || exchange.attempts === 2
    },
  })
  const client = await rig.connect()
  client.sends(get())
  t.equal((await client.readsMessage()).body, 'other')
  const ended = await rig.ended.next()
  t.strictSame([ended.attempts, ended.outcome, ended.failure], [2, 'ok', ''])
})

t.test('a body beyond holdBytes that was sent cannot be sent again', async (t) => {
  const retriable: boolean[] = []
  const rig = await Rig.start(t, {
    relay: { holdBytes: 10_000 },
    onFailure: (exchange, failure) => {
      retriable.push(exchange.canRetry(failure), exchange.canRetry('connect-refused'))
      t.throws(() => exchange.forward(rig.endpoint))
      return false
    },
  })
  const client = await rig.connect()
  client.sends(post('x'.repeat(20_000)).replace('POST', 'PUT').slice(0, 15_000))
  const origin = await rig.origin.accepts()
  await origin.receives(14_000)
  client.sends('x'.repeat(1000))
  await origin.receives(15_000)
  origin.resets()
  t.equal((await client.readsMessage()).status, 502)
  t.strictSame(retriable, [false, false])
})

t.test('no more than holdBytes and one read are taken while a request is held', async (t) => {
  const rig = await Rig.start(t, { onRequest: () => {}, relay: { holdBytes: 10_000 } })
  const client = await rig.connect()
  client.sends(post('x'.repeat(10_000_000)))
  const exchange = await rig.begun.next()
  await turns(50)
  t.ok(exchange.requestBytes <= 10_000 + 65_536, `${exchange.requestBytes} bytes are buffered`)
  exchange.forward(rig.endpoint)
  const origin = await rig.origin.accepts()
  t.equal((await origin.readsMessage()).body, 'x'.repeat(10_000_000))
  origin.sends(response('ok'))
  t.equal((await client.readsMessage()).body, 'ok')
})

t.test('an endpoint that is closed fails those who wait for a connection, and dials no more', async (t) => {
  const rig = await Rig.start(t, {
    onRequest: (exchange, rig) => {
      const endpoint = rig.relay.endpoint({ host: '192.0.2.1', port: 9 })
      exchange.forward(endpoint)
      endpoint.close()
    },
  })
  const client = await rig.connect()
  client.sends(get())
  const answer = await within('an answer', client.readsMessage())
  t.equal(answer.status, 502)
})
