import { once } from 'node:events'
import type { ClientHttp2Stream, ServerHttp2Stream } from 'node:http2'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import { eventually, h1App, h2App, h2Client, startRelay, within } from './support/h2-harness.ts'
import { h2Request } from './support/h2-requests.ts'

const CHUNK = Buffer.alloc(64 * 1024, 'x')

/** Ways of a client to leave. */
const leaves: Record<string, (stream: ClientHttp2Stream) => void> = {
  'RST_STREAM with CANCEL': (stream) => stream.close(8),
  'the end of its side of the connection': (stream) => stream.session!.socket.destroySoon(),
  'the loss of the connection': (stream) => stream.session!.destroy(),
}

for (const [name, leave] of Object.entries(leaves)) {
  t.test(`a client that leaves by ${name} is noticed while its request is held`, async (t) => {
    const { port, recorder } = await startRelay(t)
    recorder.decide = () => {}
    for (const body of [Buffer.alloc(0), Buffer.alloc(1000), Buffer.alloc(300_000)]) {
      const count = recorder.done.length
      let stream: ClientHttp2Stream
      const got = h2Request(
        h2Client(t, port),
        { ':path': '/', ':method': 'POST' },
        { body, isOpen: true, onStream: (opened) => (stream = opened) },
      )
      const expected = Math.min(body.length, 32 * 1024)
      await recorder.until(() => recorder.begun.length === count + 1, 'begun')
      await eventually(() => recorder.begun[count].requestBytes >= expected, 'the body that is buffered')
      leave(stream!)
      await recorder.untilDone(count + 1)
      t.equal(recorder.outcomes[count], 'client-gone', `with ${body.length} bytes`)
      await got
    }
  })
}

t.test('a client that leaves while an endpoint is dialled is noticed', async (t) => {
  for (const protocol of ['http1', 'h2'] as const) {
    // Reserved for documentation: nobody answers there, or the network is unreachable at once.
    const { port, recorder, relay } = await startRelay(t)
    const endpoint = relay.endpoint({ host: '192.0.2.1', port: 9, protocol })
    t.teardown(() => endpoint.close())
    recorder.endpoint = endpoint
    let stream: ClientHttp2Stream
    const got = h2Request(h2Client(t, port), { ':path': '/' }, { onStream: (opened) => (stream = opened) })
    await recorder.until(() => recorder.begun.length === 1, 'begun')
    stream!.close(8)
    await recorder.untilDone(1)
    t.match(recorder.outcomes[0], /client-gone|upstream-failed/)
    await got
  }
})

t.test('a client that leaves takes the request to the endpoint with it', async (t) => {
  for (const protocol of ['http1', 'h2'] as const) {
    let closed: Promise<unknown> = Promise.resolve()
    const app =
      protocol === 'h2'
        ? (await h2App(t, (stream) => (closed = once(stream, 'close')))).port
        : await h1App(t, (request) => (closed = once(request.socket, 'close')))
    const { port, recorder } = await startRelay(t, { port: app, protocol })
    let stream: ClientHttp2Stream
    let arrived = false
    recorder.onResponse = () => {}
    const got = h2Request(h2Client(t, port), { ':path': '/' }, { onStream: (opened) => (stream = opened) })
    const before = closed
    await eventually(() => (arrived = closed !== before), 'the request arrived')
    t.ok(arrived)
    stream!.close(8)
    await recorder.untilDone(1)
    t.same(recorder.outcomes, ['client-gone'])
    await within(closed, `${protocol} endpoint told`)
    await got
  }
})

/** Writes for ever, as fast as it may; says how much was written. */
function pour(out: ServerHttp2Stream | ServerResponse): () => number {
  let written = 0
  const more = (): void => {
    while (!out.destroyed && out.write(CHUNK)) written += CHUNK.length
  }
  out.on('drain', more)
  more()
  return () => written
}

/** Resolves when a number has stopped growing. */
async function settled(read: () => number): Promise<number> {
  let last = -1
  let same = 0
  await eventually(() => {
    same = read() === last ? same + 1 : 0
    last = read()
    return same > 20
  }, 'a number that stops growing')
  return last
}

t.test('a client that does not read stops the endpoint, and is still noticed when it leaves', async (t) => {
  for (const protocol of ['http1', 'h2'] as const) {
    let written: () => number = () => 0
    const app =
      protocol === 'h2'
        ? (
            await h2App(t, (stream, headers) => {
              stream.respond({ ':status': 200 })
              if (headers[':path'] === '/pour') written = pour(stream)
              else stream.end()
            })
          ).port
        : await h1App(t, (request, response) => {
            if (request.url === '/pour') written = pour(response)
            else response.end()
          })
    const { port, recorder } = await startRelay(t, { port: app, protocol })
    const session = h2Client(t, port)
    const stream = session.request({ ':path': '/pour' })
    stream.on('error', () => {})
    await within(once(stream, 'response'), 'response')
    const total = await settled(() => written())
    t.ok(total < 16 * 1024 * 1024, `${total} bytes were taken from the ${protocol} endpoint`)
    t.equal((await h2Request(session, { ':path': '/' })).status, 200, 'other streams of the connection go on')
    stream.close(8)
    await recorder.until(() => recorder.done.some((done) => done.outcome === 'client-gone'), 'noticed')
  }
})

t.test('an endpoint that does not read stops the client', async (t) => {
  for (const protocol of ['http1', 'h2'] as const) {
    const app = protocol === 'h2' ? (await h2App(t, () => {})).port : await h1App(t, () => {})
    const { port, recorder } = await startRelay(t, { port: app, protocol })
    const stream = h2Client(t, port).request({ ':path': '/', ':method': 'POST' })
    stream.on('error', () => {})
    let written = 0
    const more = (): void => {
      while (!stream.destroyed && stream.write(CHUNK)) written += CHUNK.length
    }
    stream.on('drain', more)
    more()
    await recorder.until(() => recorder.begun.length === 1, 'begun')
    const total = await settled(() => written)
    t.ok(total < 16 * 1024 * 1024, `${total} bytes were taken from the client of the ${protocol} endpoint`)
    t.ok(recorder.begun[0].requestBytes > 0)
    stream.close(8)
    await recorder.untilDone(1)
    t.same(recorder.outcomes, ['client-gone'])
  }
})

t.test('a clock that runs out before the response is answered', async (t) => {
  const app = await h2App(t, () => {})
  const clocks = { responseStartMs: 100 }
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' }, { clocks })
  const got = await h2Request(h2Client(t, port), { ':path': '/' })
  t.equal(got.status, 504)
  await eventually(() => app.streams[0].closed, 'the endpoint is told')
  t.same(recorder.outcomes, ['timeout'])
})

t.test('an answer of our own to an unfinished request is whole, and stops the client', async (t) => {
  const { port, recorder } = await startRelay(t)
  recorder.decide = (exchange) => exchange.reply(429, 'X-Why: full\r\n', 'too many\n', 'refused')
  const got = await h2Request(
    h2Client(t, port),
    { ':path': '/', ':method': 'POST' },
    { body: 'begun', isOpen: true },
  )
  t.equal(got.status, 429)
  t.equal(got.headers['x-why'], 'full')
  t.equal(got.body.toString(), 'too many\n')
  t.equal(got.code, 0)
  await recorder.untilDone(1)
  t.same(recorder.outcomes, ['refused'])
})

t.test('an endpoint that answers and resets stops the client, behind the trailers', async (t) => {
  const app = await h2App(t, (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => {
      stream.sendTrailers({ 'x-end': 'early' })
      setImmediate(() => stream.close(0))
    })
    stream.end('answer')
  })
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const got = await h2Request(
    h2Client(t, port),
    { ':path': '/', ':method': 'POST' },
    { body: 'begun', isOpen: true },
  )
  t.equal(got.body.toString(), 'answer')
  t.equal(got.trailers['x-end'], 'early')
  t.equal(got.code, 0)
  await recorder.untilDone(1)
  t.same(recorder.outcomes, ['ok'])
})

t.test('request and response run at the same time', async (t) => {
  const app = await h2App(t, (stream) => {
    stream.respond({ ':status': 200 })
    stream.pipe(stream)
  })
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const stream = h2Client(t, port).request({ ':path': '/', ':method': 'POST' })
  await within(once(stream, 'response'), 'the response before the request is complete')
  for (const word of ['one', 'two', 'three']) {
    const echo = once(stream, 'data')
    stream.write(word)
    t.equal(String((await within(echo, word))[0]), word)
  }
  stream.end()
  stream.resume()
  await within(once(stream, 'close'), 'close')
  await recorder.untilDone(1)
  t.same(recorder.outcomes, ['ok'])
})
