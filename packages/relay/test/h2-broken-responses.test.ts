import t from 'tap'
import { frame, FrameType, headers, OK, rawApp, reset } from './support/h2-frames.ts'
import { h2Client, startRelay } from './support/h2-harness.ts'
import { h1Request, h2Request } from './support/h2-requests.ts'

/** Responses that break a rule, as frames. None may end cleanly at the client. */
const broken: Record<string, [status: number, (stream: number) => Buffer[]]> = {
  'a reset without an error inside a body': [
    200,
    (id) => [headers(id, OK, false), frame(FrameType.Data, 0, id, Buffer.from('part')), reset(id, 0)],
  ],
  'a reset without an error before the body': [200, (id) => [headers(id, OK, false), reset(id, 0)]],
  'a body shorter than its length': [
    200,
    (id) => [
      headers(id, [...OK, ['content-length', '9']], false),
      frame(FrameType.Data, 1, id, Buffer.from('part')),
    ],
  ],
  'a body longer than its length': [
    200,
    (id) => [
      headers(id, [...OK, ['content-length', '2']], false),
      frame(FrameType.Data, 1, id, Buffer.from('part')),
    ],
  ],
  'a reset without an error before the head': [502, (id) => [reset(id, 0)]],
  'a connection field': [502, (id) => [headers(id, [...OK, ['connection', 'close']])]],
  'a Transfer-Encoding': [502, (id) => [headers(id, [...OK, ['transfer-encoding', 'chunked']])]],
  'no status': [502, (id) => [headers(id, [['x-a', 'b']])]],
  'a status that is no number': [502, (id) => [headers(id, [[':status', 'abc']])]],
  'a status of 101': [502, (id) => [headers(id, [[':status', '101']])]],
  'two lengths': [502, (id) => [headers(id, [...OK, ['content-length', '1'], ['content-length', '2']])]],
  'trailers that frame the message': [
    200,
    (id) => [
      headers(id, OK, false),
      frame(FrameType.Data, 0, id, Buffer.from('part')),
      headers(id, [['transfer-encoding', 'chunked']]),
    ],
  ],
}

t.test('a response that breaks a rule never ends cleanly', async (t) => {
  for (const [name, [status, frames]] of Object.entries(broken)) {
    const app = await rawApp(t, ({ socket }, stream) => socket.write(Buffer.concat(frames(stream))))
    const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
    const one = await h1Request(port, '/', { method: 'POST' })
    const two = await h2Request(h2Client(t, port), { ':path': '/', ':method': 'POST' })
    for (const got of [one, two]) {
      // A head that is cut at once may or may not have left.
      t.ok(
        got.status === status || got.status === 502 || (got.status === 0 && status === 200),
        `${name}: ${got.status}`,
      )
      t.notOk(got.status === 200 && got.isWhole, `${name} is not whole`)
    }
    await recorder.untilDone(2)
    t.notOk(recorder.outcomes.includes('ok'), name)
  }
})

t.test('a body after HEAD never reaches the client', async (t) => {
  const app = await rawApp(t, ({ socket }, stream) => {
    socket.write(
      Buffer.concat([
        headers(stream, OK, false),
        frame(FrameType.Data, 1, stream, Buffer.from('HTTP/1.1 200 OK')),
      ]),
    )
  })
  const { port } = await startRelay(t, { port: app.port, protocol: 'h2' })
  t.equal((await h1Request(port, '/', { method: 'HEAD' })).body.length, 0)
})
