import type { ClientHttp2Stream } from 'node:http2'
import { createServer } from 'node:net'
import t from 'tap'
import { frame, FrameReader, FrameType, headers, OK, PREFACE, rawApp, reset } from './support/h2-frames.ts'
import {
  eventually,
  h1App,
  h2App,
  h2Client,
  listen,
  rawClient,
  startRelay,
  within,
} from './support/h2-harness.ts'
import { h1Request, h2Request } from './support/h2-requests.ts'

const REQUEST: [string, string][] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'app.test'],
]

t.test('a response that is cut never ends cleanly', async (t) => {
  for (const protocol of ['http1', 'h2'] as const) {
    const app =
      protocol === 'h2'
        ? (
            await h2App(t, (stream) => {
              stream.respond({ ':status': 200 })
              stream.write('part', () => stream.destroy(new Error('cut')))
            })
          ).port
        : await h1App(t, (_request, response) => response.write('part', () => response.destroy()))
    const { port, recorder } = await startRelay(t, { port: app, protocol })
    const two = await h2Request(h2Client(t, port), { ':path': '/' })
    t.notOk(two.isWhole, `HTTP/2 from ${protocol}`)
    t.not(two.code, 0)
    const one = await h1Request(port, '/')
    t.notOk(one.isWhole, `HTTP/1.1 from ${protocol}`)
    await recorder.untilDone(2)
    t.same(recorder.outcomes, ['upstream-failed', 'upstream-failed'])
    t.same(new Set(recorder.done.map((done) => done.failure)), new Set(['response-incomplete']))
  }
})

t.test('a response that is cut has no END_STREAM, however it is framed', async (t) => {
  for (const head of ['Content-Length: 9', 'Transfer-Encoding: chunked', 'Connection: close']) {
    const app = await listen(
      t,
      createServer((socket) => {
        const body = head.startsWith('Transfer') ? '4\r\npart\r\n' : 'part'
        socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${body}`))
      }),
    )
    const { port, recorder } = await startRelay(t, { port: app })
    const socket = await rawClient(t, port)
    const reader = new FrameReader(socket)
    socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FrameType.Settings, 0, 0), headers(1, REQUEST)]))
    await reader.until(() => reader.find(FrameType.Data, 1) !== undefined, 'the part')
    recorder.begun[0].fail('cut')
    await reader.until(() => reader.find(FrameType.Reset, 1) !== undefined, 'the reset')
    t.equal(reader.find(FrameType.Reset, 1)!.payload.readUInt32BE(0), 2, 'INTERNAL_ERROR')
    t.notOk(
      reader.frames.some((found) => found.type === FrameType.Data && (found.flags & 1) !== 0),
      head,
    )
    t.same(recorder.outcomes, ['refused'])
  }
})

t.test('a request that is cut has no END_STREAM, however it is framed', async (t) => {
  for (const fields of [{ 'content-length': '9' }, {}]) {
    const app = await rawApp(t, () => {})
    const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
    let stream: ClientHttp2Stream
    const got = h2Request(
      h2Client(t, port),
      { ':path': '/', ':method': 'POST', ...fields },
      { body: 'part', isOpen: true, onStream: (opened) => (stream = opened) },
    )
    await eventually(() => app.peers[0]?.reader.find(FrameType.Data, 1) !== undefined, 'the part')
    stream!.destroy(new Error('left'))
    const { reader } = app.peers[0]
    await reader.until(() => reader.find(FrameType.Reset, 1) !== undefined, 'the reset')
    t.equal(reader.find(FrameType.Reset, 1)!.payload.readUInt32BE(0), 8, 'CANCEL')
    t.notOk(reader.frames.some((found) => found.type === FrameType.Data && (found.flags & 1) !== 0))
    await recorder.untilDone(1)
    t.same(recorder.outcomes, ['client-gone'])
    await got
  }
})

t.test('a clock that runs out inside a response cuts it', async (t) => {
  const app = await h2App(t, (stream) => {
    stream.respond({ ':status': 200 })
    stream.write('part')
  })
  const clocks = { idleMs: 100 }
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' }, { clocks })
  const got = await h2Request(h2Client(t, port), { ':path': '/' })
  t.notOk(got.isWhole)
  t.equal(got.status, 200)
  await recorder.untilDone(1)
  t.same(recorder.outcomes, ['timeout'])
})

t.test('a client that resets with NO_ERROR in the middle leaves nothing behind', async (t) => {
  const app = await h2App(t, (stream) => {
    stream.respond({ ':status': 200 })
    stream.write(Buffer.alloc(1024 * 1024))
  })
  const { port, recorder, relay } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const socket = await rawClient(t, port)
  const reader = new FrameReader(socket)
  socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FrameType.Settings, 0, 0), headers(1, REQUEST)]))
  await reader.until(() => reader.find(FrameType.Data, 1) !== undefined, 'a part')
  // The window is full by now, and more is waiting.
  socket.write(reset(1, 0))
  await recorder.untilDone(1)
  t.same(recorder.outcomes, ['client-gone'])
  await eventually(() => recorder.endpoint!.idleConnections === 1, 'the stream to the endpoint is gone')
  await within(relay.close(), 'closed')
})

t.test('a client that resets with NO_ERROR while its body is unread is gone', async (t) => {
  const { port, recorder, relay } = await startRelay(t)
  recorder.decide = () => {}
  const socket = await rawClient(t, port)
  const body = Buffer.alloc(16 * 1024)
  socket.write(
    Buffer.concat([Buffer.from(PREFACE), frame(FrameType.Settings, 0, 0), headers(1, REQUEST, false)]),
  )
  await recorder.until(() => recorder.begun.length === 1, 'begun')
  for (let i = 0; i < 20; i++) socket.write(frame(FrameType.Data, 0, 1, body))
  await eventually(() => recorder.begun[0].requestBytes >= 32 * 1024, 'the body that is buffered')
  socket.write(reset(1, 0))
  await recorder.untilDone(1)
  t.same(recorder.outcomes, ['client-gone'])
  await within(relay.close(), 'closed')
})

t.test('an endpoint that resets with NO_ERROR while the request is sent leaves nothing behind', async (t) => {
  for (const [name, frames] of [
    ['after its answer', (id: number) => [headers(id, OK), reset(id, 0)]],
    ['before its answer', (id: number) => [reset(id, 0)]],
  ] as const) {
    for (const isOpen of [true, false]) {
      const app = await rawApp(t, ({ socket, reader }, stream) => {
        // The window of 64 KiB is full before the request is complete.
        const answer = (): void => {
          const received = reader.frames.reduce(
            (sum, found) => sum + (found.type === 0 ? found.payload.length : 0),
            0,
          )
          if (received < 65_535) return
          socket.off('data', answer)
          socket.write(Buffer.concat(frames(stream)))
        }
        socket.on('data', answer)
      })
      const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
      const body = Buffer.alloc(isOpen ? 300_000 : 70_000)
      const got = await h2Request(h2Client(t, port), { ':path': '/', ':method': 'POST' }, { body, isOpen })
      t.equal(got.status, name === 'after its answer' ? 200 : 502, name)
      await recorder.untilDone(1)
      t.same(recorder.outcomes, [name === 'after its answer' ? 'ok' : 'upstream-failed'])
      await eventually(() => recorder.endpoint!.idleConnections === 1, 'the stream to the endpoint is gone')
    }
  }
})

t.test('a whole answer with a reset right behind it reaches the client whole', async (t) => {
  const part = Buffer.alloc(10_000, 'x')
  for (const [name, end] of [
    ['without trailers', (id: number) => [frame(FrameType.Data, 1, id, part)]],
    [
      'with trailers',
      (id: number) => [frame(FrameType.Data, 0, id, part), headers(id, [['x-end', 'whole']])],
    ],
  ] as const) {
    const app = await rawApp(t, ({ socket }, id) => {
      const begin = [headers(id, OK, false), frame(FrameType.Data, 0, id, part)]
      socket.write(Buffer.concat([...begin, ...end(id), reset(id, 0)]))
    })
    const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
    const asked = { ':path': '/', ':method': 'POST' }
    const two = await h2Request(h2Client(t, port), asked, { body: 'begun', isOpen: true })
    const one = await h1Request(port, '/', { method: 'POST', headers: { te: 'trailers' } }, { body: 'begun' })
    for (const got of [one, two]) {
      t.ok(got.isWhole, name)
      t.equal(got.body.length, 20_000, name)
      t.equal(got.trailers['x-end'], name === 'with trailers' ? 'whole' : undefined)
    }
    await recorder.untilDone(2)
    t.same(recorder.outcomes, ['ok', 'ok'])
  }
})
