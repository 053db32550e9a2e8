import t from 'tap'
import { response } from './support/origin.ts'
import { values } from './support/peer.ts'
import { get, post, Rig } from './support/rig.ts'
import { turns, until } from './support/within.ts'

const CHUNKED_POST = 'POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n'
const CHUNKED_ANSWER = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`

t.test('request and response move at the same time, piece by piece', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(CHUNKED_POST)
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  origin.sends(CHUNKED_ANSWER)
  await client.readsHead()
  for (let i = 0; i < 20; i++) {
    client.sends(chunk(`ping ${i}`))
    t.equal(await origin.readsThrough(`ping ${i}\r\n`), chunk(`ping ${i}`))
    origin.sends(chunk(`pong ${i}`))
    t.equal(await client.readsThrough(`pong ${i}\r\n`), chunk(`pong ${i}`))
  }
  client.sends('0\r\n\r\n')
  t.equal(await origin.reads(5), '0\r\n\r\n')
  origin.sends('0\r\n\r\n')
  t.equal(await client.reads(5), '0\r\n\r\n')
  client.sends(get())
  await origin.readsMessage()
  origin.sends(response('next'))
  t.equal((await client.readsMessage()).body, 'next', 'both connections go on')
})

t.test('an echo of far more than all buffers moves at the same time', async (t) => {
  const size = 64 * 1024 * 1024
  const rig = await Rig.start(t, {
    serve: async (peer) => {
      await peer.readsHead()
      peer.sends(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      peer.socket.removeAllListeners('data')
      peer.socket.pipe(peer.socket)
      await peer.closed()
    },
  })
  const client = await rig.connect()
  client.sends(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${size}\r\n\r\n`)
  await client.readsHead()
  client.isDiscarding = true
  const block = Buffer.alloc(1024 * 1024, 'x')
  for (let sent = 0; sent < size; sent += block.length) await client.sendsWhole(block)
  await client.receives(size)
  const ended = await rig.ended.next()
  t.strictSame([ended.outcome, ended.requestBytes, ended.responseBytes], ['ok', size, size])
})

t.test('an answer that comes early is read whole while the upload goes on to nobody', async (t) => {
  const rig = await Rig.start(t, { relay: { lingerBytes: 1024 * 1024 } })
  const client = await rig.connect()
  client.sends(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n`)
  client.sends('x'.repeat(10_000))
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  origin.sends(response('no'.repeat(5000), '413 Content Too Large', 'Connection: close\r\n'))
  origin.closes()
  const block = Buffer.alloc(64 * 1024, 'x')
  const uploading = setInterval(() => client.socket.write(block), 1)
  t.teardown(() => clearInterval(uploading))
  const answer = await client.readsMessage()
  t.strictSame([answer.status, answer.body], [413, 'no'.repeat(5000)])
  t.equal(await client.readsToEnd(), '', 'our end comes before any reset')
  clearInterval(uploading)
  const ended = await rig.ended.next()
  t.strictSame([ended.outcome, ended.status], ['ok', 413])
})

t.test('an early answer of our own is read whole too', async (t) => {
  const rig = await Rig.start(t, { onRequest: (exchange) => exchange.reply(503, '', 'full', 'refused') })
  const client = await rig.connect()
  client.sends('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n')
  const block = Buffer.alloc(64 * 1024, 'x')
  const uploading = setInterval(() => client.socket.write(block), 1)
  t.teardown(() => clearInterval(uploading))
  t.equal((await client.readsMessage()).body, 'full')
  t.equal(await client.readsToEnd(), '')
  clearInterval(uploading)
  t.equal((await rig.ended.next()).outcome, 'refused')
})

t.test('a small upload behind an early answer is read to its end, and the connection goes on', async (t) => {
  const rig = await Rig.start(t, {
    onRequest: (exchange) => exchange.reply(200, '', exchange.request.target),
  })
  const client = await rig.connect()
  client.sends(post('x'.repeat(1000), '/1').slice(0, -500))
  t.equal((await client.readsMessage()).body, '/1')
  t.equal(rig.ended.count, 0)
  client.sends(`${'x'.repeat(500)}${get('/2')}`)
  t.equal((await client.readsMessage()).body, '/2')
  t.equal(rig.ended.count, 2)
})

t.test('an upload behind an early answer that stops moving is given up after lingerMs', async (t) => {
  const rig = await Rig.start(t, { relay: { lingerMs: 100 } })
  const client = await rig.connect()
  client.sends(post('x'.repeat(1000)).slice(0, -500))
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  origin.sends(response('early'))
  t.equal((await client.readsMessage()).body, 'early')
  t.equal(await client.readsToEnd(), '')
  const ended = await rig.ended.next()
  t.strictSame([ended.outcome, ended.status], ['ok', 200])
  await origin.ending()
})

t.test(
  'an application that reads on after its answer gets the whole body, and both connections go on',
  async (t) => {
    const rig = await Rig.start(t, { relay: { lingerBytes: 1000 } })
    const client = await rig.connect()
    const body = 'y'.repeat(5_000_000)
    const request = post(body)
    client.sends(request.slice(0, 1000))
    const origin = await rig.origin.accepts()
    await origin.reads(900)
    origin.sends(response('early'))
    t.equal((await client.readsMessage()).body, 'early')
    client.sends(request.slice(1000))
    await origin.receives(request.length)
    await until('the exchange is over', () => rig.ended.count === 1)
    client.sends(get('/next'))
    await origin.readsThrough('GET /next')
    origin.sends(response('next'))
    t.equal((await client.readsMessage()).body, 'next')
    t.equal(rig.origin.accepted.count, 1)
  },
)

t.test('an early 413 that closes reaches the client with nothing lost', async (t) => {
  const rig = await Rig.start(t)
  for (let i = 0; i < 5; i++) {
    const client = await rig.connect()
    client.sends(`POST / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: 3000000\r\n\r\n`)
    client.sends('x'.repeat(3_000_000))
    const origin = await rig.origin.accepts()
    await origin.readsHead()
    origin.sends(response('too big', '413 Content Too Large', 'Connection: close\r\n'))
    origin.ends()
    const answer = await client.readsMessage()
    t.strictSame([answer.status, answer.body], [413, 'too big'])
    t.strictSame(values(answer, 'connection'), ['close'])
    t.equal(await client.ending(), 'end')
    client.closes()
  }
})

t.test('an origin that is slow to read slows the client down, and the other way round', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(CHUNKED_POST)
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  origin.sends(CHUNKED_ANSWER)
  await client.readsHead()
  origin.socket.pause()
  client.socket.pause()
  const piece = Buffer.from(chunk('x'.repeat(65_536)), 'latin1')
  const floods = async (from: typeof client): Promise<void> => {
    for (let quiet = 0, last = -1; quiet < 30;) {
      if (from.socket.writableLength < 1024 * 1024) from.socket.write(piece)
      await new Promise((resolve) => setTimeout(resolve, 1))
      quiet = from.socket.bytesWritten - from.socket.writableLength === last ? quiet + 1 : 0
      last = from.socket.bytesWritten - from.socket.writableLength
    }
  }
  await floods(client)
  await floods(origin)
  await turns(3)
  const exchange = rig.begun.all[0]
  t.ok(exchange.requestBytes < 64 * 1024 * 1024, `${exchange.requestBytes} bytes up`)
  t.ok(exchange.responseBytes < 64 * 1024 * 1024, `${exchange.responseBytes} bytes down`)
  const { requestBytes, responseBytes } = exchange
  origin.isDiscarding = true
  client.isDiscarding = true
  origin.socket.resume()
  client.socket.resume()
  await until(
    'more moves in both directions',
    () => exchange.requestBytes > requestBytes && exchange.responseBytes > responseBytes,
  )
})

for (const how of ['closes', 'resets'] as const) {
  t.test(
    `an early answer is not lost when the origin ${how} right behind it with most of the body unread`,
    async (t) => {
      const rig = await Rig.start(t)
      for (const size of [300_000, 3_000_000, 10_000_000]) {
        for (const fields of ['Connection: close\r\n', '']) {
          const client = await rig.connect()
          client.sends(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${size}\r\n\r\n`)
          client.sends(Buffer.alloc(size))
          const origin = await rig.origin.accepts()
          await origin.readsHead()
          origin.sends(response('too big', '413 Content Too Large', fields))
          origin[how]()
          t.equal((await client.readsMessage()).status, 413, `${size} bytes`)
          client.closes()
        }
      }
    },
  )
}
