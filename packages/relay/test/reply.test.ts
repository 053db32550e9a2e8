import t, { type Test } from 'tap'
import { DEFAULT_SETTINGS } from '../src/settings.ts'
import { h2Client, within } from './support/h2-harness.ts'
import { h2Request } from './support/h2-requests.ts'
import { values } from './support/peer.ts'
import { get, Rig } from './support/rig.ts'

/** Every byte there is, also those that are no UTF-8. */
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, i) => i)
/** More than any buffer on the way takes at once. */
const LARGE = Buffer.alloc(5 * 1024 * 1024)
for (let i = 0; i < LARGE.length; i++) LARGE[i] = (i * 31 + (i >> 8)) & 255

const BODIES: Readonly<Record<string, Uint8Array>> = {
  '/every': EVERY_BYTE,
  '/some': EVERY_BYTE.subarray(100, 200),
  '/buffer': Buffer.from([0, 255, 13, 10]),
  '/medium': LARGE.subarray(7, 5007),
  '/large': LARGE,
  '/empty': new Uint8Array(0),
}

/** A relay that answers with the body of each path. */
const replying = (t: Test, status = 200): Promise<Rig> =>
  Rig.start(t, {
    onRequest: (exchange) =>
      exchange.reply(status, 'Content-Type: application/protobuf\r\n', BODIES[exchange.request.target]),
  })

t.test('bytes arrive as they are over HTTP/1.1, and the connection goes on', async (t) => {
  const rig = await replying(t)
  const client = await rig.connect()
  for (const [path, body] of Object.entries(BODIES)) {
    client.sends(get(path))
    const answer = await client.readsMessage()
    t.equal(answer.status, 200)
    t.strictSame(values(answer, 'content-length'), [String(body.length)])
    t.strictSame(values(answer, 'content-type'), ['application/protobuf'])
    t.ok(Buffer.from(answer.body, 'latin1').equals(body), path)
    const ended = await rig.ended.next()
    t.strictSame([ended.outcome, ended.responseBytes], ['ok', body.length])
  }
})

t.test('bytes arrive as they are over HTTP/2', async (t) => {
  const rig = await replying(t)
  const session = h2Client(t, rig.port)
  for (const [path, body] of Object.entries(BODIES)) {
    const got = await h2Request(session, { ':path': path })
    t.strictSame([got.status, got.isWhole], [200, true])
    t.equal(got.headers['content-length'], String(body.length))
    t.ok(got.body.equals(body), path)
    const ended = await rig.ended.next()
    t.strictSame([ended.outcome, ended.responseBytes], ['ok', body.length])
  }
})

t.test('HEAD gets the length and no byte, over both', async (t) => {
  const rig = await replying(t)
  const client = await rig.connect()
  const session = h2Client(t, rig.port)
  for (const [path, body] of Object.entries(BODIES)) {
    client.sends(get(path).replace('GET', 'HEAD'))
    t.strictSame(values(await client.readsMessage('HEAD'), 'content-length'), [String(body.length)])
    const got = await h2Request(session, { ':path': path, ':method': 'HEAD' })
    t.equal(got.headers['content-length'], String(body.length))
    t.strictSame([got.body.length, got.isWhole], [0, true])
  }
  client.sends(get('/every'))
  t.equal((await client.readsMessage()).body.length, 256, 'nothing came in between')
})

t.test('304 and 204 get none either', async (t) => {
  for (const status of [204, 304]) {
    const rig = await replying(t, status)
    const client = await rig.connect()
    client.sends(get('/every') + get('/every'))
    t.equal((await client.readsMessage()).status, status)
    t.equal((await client.readsMessage()).status, status, 'the next one stands right behind it')
    const got = await h2Request(h2Client(t, rig.port), { ':path': '/every' })
    t.strictSame([got.status, got.body.length, got.isWhole], [status, 0, true])
  }
})

t.test('a client that does not read gets all of it once it does, and then its next answer', async (t) => {
  const rig = await replying(t)
  const client = await rig.connect()
  client.socket.pause()
  client.sends(get('/large') + get('/every'))
  t.equal((await rig.ended.next()).responseBytes, LARGE.length)
  t.equal(rig.begun.count, 1, 'the next request waits until the answer has left')
  client.socket.resume()
  t.ok(Buffer.from((await client.readsMessage()).body, 'latin1').equals(LARGE))
  t.ok(Buffer.from((await client.readsMessage()).body, 'latin1').equals(EVERY_BYTE))
})

t.test('a large answer to a connection that ends with it arrives whole', async (t) => {
  const rig = await replying(t)
  const client = await rig.connect()
  client.socket.pause()
  client.sends(get('/large', 'Connection: close\r\n'))
  await rig.ended.next()
  client.socket.resume()
  const answer = await client.readsMessage()
  t.ok(Buffer.from(answer.body, 'latin1').equals(LARGE))
  t.equal(await client.ending(), 'end')
})

t.test('a stream whose window is small gets all of it', async (t) => {
  t.ok(DEFAULT_SETTINGS.windowBytes < LARGE.length)
  const rig = await replying(t)
  const session = h2Client(t, rig.port, { settings: { initialWindowSize: 1000 } })
  const [large, every] = await within(
    Promise.all([h2Request(session, { ':path': '/large' }), h2Request(session, { ':path': '/every' })]),
    'both answers',
  )
  t.ok(large.isWhole && large.body.equals(LARGE))
  t.ok(every.isWhole && every.body.equals(EVERY_BYTE))
})

t.test('text is sent as UTF-8, and its length is that of the bytes', async (t) => {
  const rig = await Rig.start(t, { onRequest: (exchange) => exchange.reply(200, '', 'größer ↑\n') })
  const client = await rig.connect()
  client.sends(get())
  const { body } = await client.readsMessage()
  t.equal(Buffer.from(body, 'latin1').toString('utf8'), 'größer ↑\n')
  t.equal((await rig.ended.next()).responseBytes, 13)
})
