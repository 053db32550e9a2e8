import { once } from 'node:events'
import t from 'tap'
import { frame, FrameReader, FrameType, headers, PREFACE } from './support/h2-frames.ts'
import { h1App, h2Client, rawClient, startRelay, type Test, within } from './support/h2-harness.ts'
import { h1Request, h2Request } from './support/h2-requests.ts'

const hello = (t: Test): Promise<number> => h1App(t, (_request, response) => response.end('hello'))

const REQUEST: [string, string][] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'app.test'],
]

t.test('a graceful close answers what runs, and new requests until then', async (t) => {
  const { port, relay, recorder } = await startRelay(t, { port: await hello(t) })
  recorder.decide = (exchange) => {
    if (exchange.request.target === '/now') exchange.forward(recorder.endpoint!)
  }
  const [busy, idle] = [h2Client(t, port), h2Client(t, port)]
  const goaways: [number, number][] = []
  busy.on('goaway', (code, last) => goaways.push([code, last]))
  await h2Request(idle, { ':path': '/now' })
  const held = h2Request(busy, { ':path': '/held' })
  await recorder.until(() => recorder.begun.length === 2, 'held')

  const announced = once(busy, 'goaway')
  relay.beginDrain()
  await within(announced, 'goaway')
  t.same(goaways[0], [0, 1], 'names the stream that is served')
  if (!idle.destroyed) await within(once(idle, 'close'), 'an idle connection is closed')

  t.equal((await h2Request(h2Client(t, port), { ':path': '/now' })).status, 200, 'a new connection is served')
  t.equal((await h1Request(port, '/now')).headers['connection'], 'close')

  let isClosed = false
  const closed = relay.close().then(() => (isClosed = true))
  // Connections that the kernel had accepted are still served.
  let got = await h1Request(port, '/now')
  while (got.status !== 0) got = await h1Request(port, '/now')
  t.notOk(isClosed)
  recorder.begun[1].forward(recorder.endpoint!)
  t.equal((await held).body.toString(), 'hello')
  await within(closed, 'closed')
  t.equal(relay.connections, 0)
  t.ok(recorder.outcomes.every((outcome) => outcome === 'ok'))
})

t.test('a request that crosses the GOAWAY is above its last stream', async (t) => {
  const { port, relay, recorder } = await startRelay(t)
  recorder.decide = () => {}
  const socket = await rawClient(t, port)
  const reader = new FrameReader(socket)
  socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FrameType.Settings, 0, 0), headers(1, REQUEST)]))
  await recorder.until(() => recorder.begun.length === 1, 'begun')
  relay.beginDrain()
  await reader.until(() => reader.find(FrameType.Goaway, 0) !== undefined, 'the goaway')
  t.equal(reader.find(FrameType.Goaway, 0)!.payload.readUInt32BE(0), 1)
  socket.write(headers(3, REQUEST))
  recorder.begun[0].reply(200, '', 'hello')
  await reader.until(() => reader.isClosed, 'the end')
  t.ok(reader.find(FrameType.Data, 1))
  t.equal(reader.find(FrameType.Headers, 3), undefined)
  t.same(recorder.outcomes, ['ok'])
})

t.test('destroy ends everything at once', async (t) => {
  const { port, relay, recorder } = await startRelay(t)
  recorder.decide = () => {}
  const got = h2Request(h2Client(t, port), { ':path': '/' })
  await recorder.until(() => recorder.begun.length === 1, 'begun')
  relay.destroy()
  t.notOk((await got).isWhole)
  await recorder.untilDone(1)
  t.same(recorder.outcomes, ['client-gone'])
})
