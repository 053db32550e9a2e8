import t from 'tap'
import { afterPoll } from '../src/after-poll.ts'
import {
  frame,
  FrameReader,
  FrameType,
  headers,
  OK,
  PREFACE,
  rawApp,
  type RawPeer,
  reset,
} from './support/h2-frames.ts'
import { eventually, h2Client, rawClient, startRelay, type Test } from './support/h2-harness.ts'
import { h1Request, h2Request } from './support/h2-requests.ts'

const END_STREAM = 1

const GET: [string, string][] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'app.test'],
]

/** Asks by a GET on stream 1 and shows every frame of the answer. */
async function ask(t: Test, port: number): Promise<FrameReader> {
  const socket = await rawClient(t, port)
  const reader = new FrameReader(socket)
  socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FrameType.Settings, 0, 0), headers(1, GET)]))
  return reader
}

function dataOf(reader: FrameReader, stream: number): { flags: number; text: string }[] {
  return reader.frames
    .filter((found) => found.type === FrameType.Data && found.stream === stream)
    .map((found) => ({ flags: found.flags, text: found.payload.toString() }))
}

const isEnded = (reader: FrameReader): boolean =>
  reader.frames.some((found) => found.stream === 1 && found.type <= 1 && (found.flags & END_STREAM) !== 0)

t.test('a response that came in one piece leaves as one head and one frame that ends it', async (t) => {
  const app = await rawApp(t, ({ socket }, id) => {
    const body = frame(FrameType.Data, END_STREAM, id, Buffer.from('hello'))
    socket.write(Buffer.concat([headers(id, [...OK, ['content-length', '5']], false), body]))
  })
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const reader = await ask(t, port)
  await reader.until(() => isEnded(reader), 'the end')
  t.same(dataOf(reader, 1), [{ flags: END_STREAM, text: 'hello' }])
  await recorder.untilDone(1)
  t.same(recorder.outcomes, ['ok'])
})

t.test('a head is not held back until its body comes', async (t) => {
  let peer: RawPeer | null = null
  const app = await rawApp(t, (asked, id) => {
    peer = asked
    asked.socket.write(headers(id, OK, false))
  })
  const { port } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const reader = await ask(t, port)
  await reader.until(() => reader.find(FrameType.Headers, 1) !== undefined, 'the head')
  t.same(dataOf(reader, 1), [])
  peer!.socket.write(frame(FrameType.Data, 0, 1, Buffer.from('first')))
  await reader.until(() => dataOf(reader, 1).length > 0, 'the first part')
  t.notOk(isEnded(reader))
  peer!.socket.write(frame(FrameType.Data, END_STREAM, 1, Buffer.from('last')))
  await reader.until(() => isEnded(reader), 'the end')
  const text = dataOf(reader, 1).map((data) => data.text)
  t.equal(text.join(''), 'firstlast')
})

const part = (length: number, fill: string): Buffer => Buffer.alloc(length, fill)

const responses: Record<string, (id: number) => Buffer[]> = {
  'no body': (id) => [headers(id, OK, true)],
  'an empty frame': (id) => [headers(id, OK, false), frame(FrameType.Data, END_STREAM, id)],
  'one frame': (id) => [headers(id, OK, false), frame(FrameType.Data, END_STREAM, id, part(7, 'a'))],
  'an end of its own': (id) => [
    headers(id, OK, false),
    frame(FrameType.Data, 0, id, part(7, 'a')),
    frame(FrameType.Data, END_STREAM, id),
  ],
  'trailers only': (id) => [headers(id, OK, false), headers(id, [['x-end', 'whole']])],
  'a body and trailers': (id) => [
    headers(id, OK, false),
    frame(FrameType.Data, 0, id, part(7, 'a')),
    frame(FrameType.Data, 0, id, part(9, 'b')),
    headers(id, [['x-end', 'whole']]),
  ],
  'more than is held': (id) => [
    headers(id, OK, false),
    ...['a', 'b', 'c'].map((fill) => frame(FrameType.Data, 0, id, part(9000, fill))),
    frame(FrameType.Data, END_STREAM, id, part(1, 'd')),
  ],
}

t.test('a response arrives the same wherever it was cut into pieces', async (t) => {
  for (const [name, framesOf] of Object.entries(responses)) {
    const expected = Buffer.concat(
      framesOf(1).flatMap((bytes) => (bytes[3] === FrameType.Data ? [bytes.subarray(9)] : [])),
    )
    for (let cut = 0; cut < framesOf(1).length; cut++) {
      const app = await rawApp(t, ({ socket }, id) => {
        const frames = framesOf(id)
        const rest = Buffer.concat([...frames.slice(cut), reset(id, 0)])
        if (cut === 0) return socket.write(rest)
        // The relay polls at least once between the two.
        return socket.write(Buffer.concat(frames.slice(0, cut)), () => afterPoll(() => socket.write(rest)))
      })
      const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
      const two = await h2Request(h2Client(t, port), { ':path': '/' })
      const one = await h1Request(port, '/', { headers: { te: 'trailers' } })
      for (const got of [one, two]) {
        t.ok(got.isWhole, `${name}, cut at ${cut}`)
        t.ok(got.body.equals(expected), `${name}, cut at ${cut}: ${got.body.length} bytes`)
        t.equal(got.trailers['x-end'], name.includes('trailers') ? 'whole' : undefined)
      }
      await recorder.untilDone(2)
      t.same(recorder.outcomes, ['ok', 'ok'])
    }
  }
})

t.test('a request that was held to its end leaves with the end in its last frame', async (t) => {
  const app = await rawApp(t, () => {})
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  recorder.decide = () => {}
  void h1Request(port, '/', { method: 'POST' }, { body: 'whole' })
  await recorder.until(() => recorder.begun.length === 1, 'begun')
  const exchange = recorder.begun[0]
  await eventually(() => exchange.requestEnded, 'the end of the request')
  exchange.forward(recorder.endpoint!)
  await eventually(() => app.peers.length === 1, 'the request')
  const { reader } = app.peers[0]
  await reader.until(() => isEnded(reader), 'the end')
  t.same(dataOf(reader, 1), [{ flags: END_STREAM, text: 'whole' }])
})
