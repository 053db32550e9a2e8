import { createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { ResponseHead } from '@pilotlight/http1'
import t, { type Test } from 'tap'
import type { Exchange } from '../src/exchange.ts'
import { answering, Origin, response } from './support/origin.ts'
import type { Message } from './support/peer.ts'
import { get, post, Rig, type RigOptions } from './support/rig.ts'
import { turns, until } from './support/within.ts'

const BUSY = response('no slot\n', '503 Service Unavailable', 'X-Busy: 1\r\n')

/** Declines what says that it is busy, whenever that is possible. */
function decliningBusy(exchange: Exchange, head: ResponseHead): void {
  if (head.get('x-busy') !== undefined) exchange.declineResponse()
}

/** Two endpoints: the first answers what `first` says, the second echoes; a declined request goes to the second. */
async function twoEndpoints(
  t: Test,
  first: (request: Message) => string,
  options: RigOptions = {},
): Promise<{ rig: Rig; first: Origin }> {
  const busy = await Origin.start(t, answering(first))
  const rig = await Rig.start(t, {
    serve: answering((request) => response(`served ${request.body}`)),
    onRequest: (exchange, rig) => exchange.forward(rig.endpointTo(busy.port)),
    onResponse: decliningBusy,
    onFailure: (exchange, _failure, rig) => {
      exchange.forward(rig.endpoint)
      return true
    },
    ...options,
  })
  return { rig, first: busy }
}

t.test('a declined response is not seen by the client, and the request goes on with its body', async (t) => {
  for (const refusal of [
    BUSY,
    'HTTP/1.1 503 Service Unavailable\r\nX-Busy: 1\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 503 Service Unavailable\r\nX-Busy: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfull\r\n0\r\n\r\n',
    'HTTP/1.1 503 Service Unavailable\r\nX-Busy: 1\r\nContent-Length: 100\r\n\r\npart of it',
  ]) {
    const { rig } = await twoEndpoints(t, () => refusal)
    const client = await rig.connect()
    client.sends(post('a body', '/', 'X-A: 1\r\n'))
    const answer = await client.readsMessage()
    t.strictSame([answer.status, answer.body], [200, 'served a body'])
    t.equal(await rig.failed.next(), 'endpoint-busy')
    const ended = await rig.ended.next()
    t.strictSame([ended.outcome, ended.failure, ended.status, ended.attempts], ['ok', '', 200, 2])
  }
})

t.test('a connection whose declined response was complete serves the next request', async (t) => {
  const endpoints: number[] = []
  let calls = 0
  const busy = await Origin.start(
    t,
    answering((request) => (calls++ === 0 ? BUSY : response(`second ${request.body}`))),
  )
  const rig = await Rig.start(t, {
    onRequest: (exchange, rig) => {
      endpoints.push(busy.port)
      exchange.context = rig.endpointTo(busy.port)
      exchange.forward(exchange.context as Rig['endpoint'])
    },
    onResponse: decliningBusy,
    onFailure: (exchange) => {
      exchange.forward(exchange.context as Rig['endpoint'])
      return true
    },
  })
  const client = await rig.connect()
  client.sends(post('x'))
  t.equal((await client.readsMessage()).body, 'second x')
  t.equal(busy.accepted.count, 1, 'on the connection that was declined on')
})

t.test('a response is passed on when the request could not be sent again', async (t) => {
  const busy = await Origin.start(t)
  const rig = await Rig.start(t, {
    relay: { holdBytes: 4 },
    onRequest: (exchange, rig) => exchange.forward(rig.endpointTo(busy.port)),
    onResponse: decliningBusy,
  })
  const client = await rig.connect()
  client.sends('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 8\r\n\r\n')
  const peer = await busy.accepts()
  await peer.readsHead()
  client.sends('12345678')
  t.equal(await peer.reads(8), '12345678')
  peer.sends(BUSY)
  const answer = await client.readsMessage()
  t.strictSame([answer.status, answer.body], [503, 'no slot\n'])
})

t.test('declining is possible inside onResponse alone', async (t) => {
  const rig = await Rig.start(t, {
    serve: answering(() => response('')),
    onRequest: (exchange, rig) => {
      t.throws(() => exchange.declineResponse(), /outside of onResponse/)
      exchange.forward(rig.endpoint)
      t.throws(() => exchange.declineResponse(), /outside of onResponse/)
    },
  })
  const client = await rig.connect()
  client.sends(get())
  t.equal((await client.readsMessage()).status, 200)
})

t.test('while it waits, an exchange buffers no more than its own limit', async (t) => {
  const rig = await Rig.start(t, {
    serve: answering((request) => response(`${request.body.length}`)),
    onRequest: (exchange) => exchange.limitHolding(1000),
  })
  const client = await rig.connect()
  const length = 1024 * 1024
  client.sends(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${length}\r\n\r\n`)
  const exchange = await rig.begun.next()
  client.sends(Buffer.alloc(length, 'x'))
  await until('something was read', () => exchange.requestBytes > 0)
  await turns(20)
  t.ok(
    exchange.requestBytes <= 1000 + 64 * 1024,
    `${exchange.requestBytes} bytes: the limit and what one read brought`,
  )
  exchange.forward(rig.endpoint)
  t.equal((await client.readsMessage()).body, `${length}`)
})

t.test('with a limit of 0 nothing is read until there is a stream', async (t) => {
  const rig = await Rig.start(t, {
    serve: answering((request) => response(request.body)),
    onRequest: (exchange) => exchange.limitHolding(0),
  })
  const client = await rig.connect()
  client.sends('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\n')
  const exchange = await rig.begun.next()
  await client.sendsWhole('hello')
  // A second exchange shows that the loop has polled since.
  const other = await rig.connect()
  other.sends(get())
  const second = await rig.begun.next()
  t.equal(exchange.requestBytes, 0)
  second.forward(rig.endpoint)
  exchange.forward(rig.endpoint)
  t.equal((await client.readsMessage()).body, 'hello')
  await other.readsMessage()
})

t.test('a response over HTTP/2 is declined in the same way', async (t) => {
  const app = createServer()
  app.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 503, 'x-busy': '1' })
    stream.end('no slot')
  })
  await new Promise<void>((resolve) => app.listen({ host: '127.0.0.1', port: 0 }, resolve))
  t.teardown(() => app.close())
  const { port } = app.address() as AddressInfo
  const rig = await Rig.start(t, {
    serve: answering((request) => response(`served ${request.body}`)),
    onRequest: (exchange, rig) => exchange.forward(rig.endpointTo(port, 'h2')),
    onResponse: decliningBusy,
    onFailure: (exchange, _failure, rig) => {
      exchange.forward(rig.endpoint)
      return true
    },
  })
  const client = await rig.connect()
  client.sends(post('a body'))
  t.equal((await client.readsMessage()).body, 'served a body')
  t.equal(await rig.failed.next(), 'endpoint-busy')
})
