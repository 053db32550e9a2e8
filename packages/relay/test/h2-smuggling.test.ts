import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { frame, FrameReader, FrameType, headers, PREFACE, reset } from './support/h2-frames.ts'
import { h1App, rawClient, startRelay, type Test } from './support/h2-harness.ts'

const GOOD: [string, string][] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'app.test'],
]

/** The head above with fields replaced, taken out (`null`) or added. */
function list(...changes: [string, string | null][]): [string, string][] {
  const fields = [...GOOD]
  for (const [name, value] of changes) {
    const at = name.startsWith(':') ? fields.findIndex(([found]) => found === name) : -1
    if (at >= 0 && value === null) fields.splice(at, 1)
    else if (at >= 0) fields[at] = [name, value!]
    else fields.push([name, value!])
  }
  return fields
}

/** Each is one stream that must not become an HTTP/1.1 request. */
const hostile: Record<string, [string, string][]> = {
  'an upper-case name': list(['X-Evil', '1']),
  'CRLF in :path': list([':path', '/ HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET /evil']),
  'a space in :path': list([':path', '/a HTTP/1.1']),
  'a fragment in :path': list([':path', '/a#evil']),
  'a :path without a slash': list([':path', 'evil']),
  'an absolute :path': list([':path', 'http://evil.test/']),
  'an empty :path': list([':path', '']),
  'no :path': list([':path', null]),
  'CRLF in :method': list([':method', 'GET / HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET']),
  'a space in :method': list([':method', 'GET /evil']),
  'no :method': list([':method', null]),
  'no :scheme': list([':scheme', null]),
  'CRLF in :authority': list([':authority', 'a\r\nX-Evil: 1']),
  'a path in :authority': list([':authority', 'a/evil']),
  'user information in :authority': list([':authority', 'user@app.test']),
  'two :authority': [...GOOD, [':authority', 'evil.test']],
  'a Host that differs from :authority': list(['host', 'evil.test']),
  'two Host': list([':authority', null], ['host', 'app.test'], ['host', 'evil.test']),
  'a pseudo-field behind a field': [...GOOD.slice(0, 3), ['x-a', 'b'], GOOD[3]],
  'an unknown pseudo-field': [...GOOD, [':evil', '1']],
  'a :status in a request': [...GOOD, [':status', '200']],
  CONNECT: [
    [':method', 'CONNECT'],
    [':authority', 'evil.test:443'],
  ],
  'extended CONNECT': [...list([':method', 'CONNECT']), [':protocol', 'websocket']],
  'Connection: close': list(['connection', 'close']),
  'Connection: upgrade': list(['connection', 'upgrade'], ['upgrade', 'websocket']),
  Upgrade: list(['upgrade', 'h2c']),
  'Transfer-Encoding: chunked': list(['transfer-encoding', 'chunked']),
  'Keep-Alive': list(['keep-alive', 'timeout=5']),
  'Proxy-Connection': list(['proxy-connection', 'keep-alive']),
  'TE: gzip': list(['te', 'gzip']),
  'a Content-Length that is no number': list(['content-length', '1a']),
  'two Content-Length': list(['content-length', '1'], ['content-length', '2']),
  'a list of Content-Length': list(['content-length', '1, 1']),
  'a Content-Length without a body': list(['content-length', '5']),
  'an unknown expectation': list(['expect', 'evil']),
}

/** Each is one field that nghttp2 takes out of a request by itself, before anybody sees it. */
const dropped: Record<string, [string, string]> = {
  'CRLF in a value': ['x-a', 'b\r\nX-Evil: 1'],
  'LF in a value': ['x-a', 'b\nX-Evil: 1'],
  'CR in a value': ['x-a', 'b\rX-Evil: 1'],
  'NUL in a value': ['x-a', 'b\0c'],
  'CRLF in a name': ['x-a\r\nx-evil', '1'],
  'a colon in a name': ['x-evil: 1\r\nx', '1'],
  'white space in a name': ['x evil', '1'],
  'an empty name': ['', '1'],
}

/** An application that keeps every head it got. */
async function witness(t: Test): Promise<{ port: number; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const port = await h1App(t, (request, response) => {
    requests.push(request)
    request.resume()
    response.end('ok')
  })
  return { port, requests }
}

t.test('what could become another message over HTTP/1.1 is refused', async (t) => {
  const app = await witness(t)
  let refusals = 0
  const { port, recorder } = await startRelay(t, { port: app.port }, {}, { onRefusal: () => refusals++ })
  for (const [name, fields] of Object.entries(hostile)) {
    const socket = await rawClient(t, port)
    const reader = new FrameReader(socket)
    socket.write(PREFACE)
    socket.write(frame(FrameType.Settings, 0, 0))
    socket.write(headers(1, fields))
    await reader.until(() => isAnswered(reader), name)
    const head = reader.find(FrameType.Headers, 1)
    // A static table index or a literal: the first byte of a :status is 0x48 or 0x8c (400); never 0x88 (200).
    t.not(head?.payload[0], 0x88, `${name} is not served`)
    socket.destroy()
  }
  t.equal(app.requests.length, 0, 'nothing reached the application')
  t.equal(recorder.begun.length, 0)
  t.ok(refusals > 0, 'some were refused by the relay itself')
})

t.test('a field that could become two never reaches HTTP/1.1', async (t) => {
  const app = await witness(t)
  const { port } = await startRelay(t, { port: app.port })
  for (const [name, field] of Object.entries(dropped)) {
    const socket = await rawClient(t, port)
    const reader = new FrameReader(socket)
    socket.write(
      Buffer.concat([Buffer.from(PREFACE), frame(FrameType.Settings, 0, 0), headers(1, list(field))]),
    )
    await reader.until(() => isAnswered(reader), name)
    const names = app.requests.pop()?.rawHeaders.filter((_text, i) => i % 2 === 0) ?? []
    t.strictSame(
      names.filter((found) => /evil|x-a|^x$|^$/i.test(found)),
      [],
      name,
    )
    socket.destroy()
  }
})

function isAnswered(reader: FrameReader): boolean {
  return reader.frames.some(
    (found) => found.stream === 1 || found.type === FrameType.Goaway || found.type === FrameType.Reset,
  )
}

t.test('a refused stream gets an answer, and its connection lives on', async (t) => {
  const app = await witness(t)
  const { port, recorder } = await startRelay(t, { port: app.port })
  const socket = await rawClient(t, port)
  const reader = new FrameReader(socket)
  socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FrameType.Settings, 0, 0)]))
  socket.write(headers(1, list([':path', '/a#b']), false))
  await reader.until(() => reader.find(FrameType.Reset, 1) !== undefined, 'the reset')
  t.ok(reader.find(FrameType.Headers, 1), 'the answer came before the reset')
  t.equal(reader.find(FrameType.Reset, 1)!.payload.readUInt32BE(0), 0, 'NO_ERROR')
  socket.write(headers(3, GOOD))
  await reader.until(() => reader.find(FrameType.Headers, 3) !== undefined, 'the next response')
  await recorder.untilDone(1)
  t.same(recorder.outcomes, ['ok'])
})

t.test('a body that is not as long as Content-Length says never ends cleanly', async (t) => {
  const whole: boolean[] = []
  const port = await h1App(t, (request, response) => {
    request.on('close', () => whole.push(request.complete))
    request.on('error', () => {})
    request.resume()
    request.on('end', () => response.end())
  })
  const { port: relayPort, recorder } = await startRelay(t, { port })
  const cases: [string, Buffer[]][] = [
    ['too short', [frame(FrameType.Data, 1, 1, Buffer.from('abc'))]],
    ['too long', [frame(FrameType.Data, 1, 1, Buffer.from('abcdefgh'))]],
    ['reset inside, without an error', [frame(FrameType.Data, 0, 1, Buffer.from('abc')), reset(1, 0)]],
    ['reset inside, cancelled', [frame(FrameType.Data, 0, 1, Buffer.from('abc')), reset(1, 8)]],
  ]
  for (const [name, frames] of cases) {
    const done = recorder.done.length
    const socket = await rawClient(t, relayPort)
    const reader = new FrameReader(socket)
    socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FrameType.Settings, 0, 0)]))
    socket.write(headers(1, list(['content-length', '5']), false))
    await recorder.until(() => recorder.begun.length === done + 1, `${name} begun`)
    socket.write(Buffer.concat(frames))
    await recorder.untilDone(done + 1)
    t.equal(recorder.done[done].outcome, 'client-gone', name)
    t.equal(
      reader.frames.find((found) => found.type === FrameType.Headers),
      undefined,
    )
    socket.destroy()
  }
  t.notOk(whole.includes(true), 'the application saw no whole request')
})

t.test('a trailer that frames or routes the message ends the exchange', async (t) => {
  const complete: boolean[] = []
  const port = await h1App(t, (request, response) => {
    request.on('close', () => complete.push(request.complete))
    request.on('error', () => {})
    request.resume()
    request.on('end', () => response.end())
  })
  const { port: relayPort, recorder } = await startRelay(t, { port })
  for (const name of ['content-length', 'host']) {
    const done = recorder.done.length
    const socket = await rawClient(t, relayPort)
    const reader = new FrameReader(socket)
    socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FrameType.Settings, 0, 0)]))
    socket.write(headers(1, GOOD, false))
    socket.write(frame(FrameType.Data, 0, 1, Buffer.from('abc')))
    await recorder.until(() => recorder.begun.length === done + 1, `${name} begun`)
    socket.write(headers(1, [[name, '5']]))
    await recorder.untilDone(done + 1)
    t.not(recorder.done[done].outcome, 'ok', name)
    await reader.until(() => isAnswered(reader), name)
    socket.destroy()
  }
  t.notOk(complete.includes(true), 'the application saw no whole request')
})
