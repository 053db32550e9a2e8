import t from 'tap'
import type { H1Downstream } from '../src/h1-downstream.ts'
import { answering, response } from './support/origin.ts'
import type { Peer } from './support/peer.ts'
import { get, post, Rig } from './support/rig.ts'
import { turns, until } from './support/within.ts'

/** More than the sockets of both sides and the kernel between them hold on loopback. */
const FAR_TOO_MUCH_BYTES = 64 * 1024 * 1024

t.test('pipelined requests are answered in order', async (t) => {
  const rig = await Rig.start(t, { serve: answering((request) => response(request.line)) })
  const client = await rig.connect()
  client.sends(get('/1') + get('/2') + get('/3'))
  for (const path of ['/1', '/2', '/3']) t.equal((await client.readsMessage()).body, `GET ${path} HTTP/1.1`)
})

t.test('the next request is looked at only when the one before is over', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(get('/1') + get('/2'))
  const origin = await rig.origin.accepts()
  t.equal((await origin.readsMessage()).line, 'GET /1 HTTP/1.1')
  await turns(10)
  t.equal(rig.begun.count, 1)
  t.equal(origin.unread, '')
  t.equal(rig.origin.accepted.count, 1)
  origin.sends(response('one'))
  t.equal((await client.readsMessage()).body, 'one')
  t.equal((await origin.readsMessage()).line, 'GET /2 HTTP/1.1')
  origin.sends(response('two'))
  t.equal((await client.readsMessage()).body, 'two')
})

t.test('a request behind a body is found exactly where the body ends', async (t) => {
  const rig = await Rig.start(t, {
    serve: answering((request) => response(`${request.line}|${request.body}`)),
  })
  const client = await rig.connect()
  const chunked =
    'POST /c HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
  client.sends(post('GET /x HTTP/1.1\r\n\r\n', '/a') + chunked + post('', '/b') + get('/d'))
  const bodies: string[] = []
  for (let i = 0; i < 4; i++) bodies.push((await client.readsMessage()).body)
  t.strictSame(bodies, [
    'POST /a HTTP/1.1|GET /x HTTP/1.1\r\n\r\n',
    'POST /c HTTP/1.1|abc',
    'POST /b HTTP/1.1|',
    'GET /d HTTP/1.1|',
  ])
})

t.test('requests split anywhere are the same requests', async (t) => {
  const rig = await Rig.start(t, {
    serve: answering((request) => response(`${request.line}|${request.body}`)),
  })
  const chunked =
    'POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n'
  const bytes = 'POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab' + chunked + get('/2')
  const client = await rig.connect()
  for (let cut = 1; cut < bytes.length; cut++) {
    await client.sendsWhole(bytes.slice(0, cut))
    await turns(1)
    client.sends(bytes.slice(cut))
    const bodies = []
    for (let i = 0; i < 3; i++) bodies.push((await client.readsMessage()).body)
    t.strictSame(bodies, ['POST /1 HTTP/1.1|ab', 'POST /c HTTP/1.1|abc', 'GET /2 HTTP/1.1|'], `cut at ${cut}`)
  }
})

t.test('a thousand pipelined requests are all answered, forwarded or not', async (t) => {
  for (const isLocal of [true, false]) {
    const rig = await Rig.start(t, {
      serve: answering((request) => response(request.line.split(' ')[1])),
      ...(isLocal ? { onRequest: (exchange) => exchange.reply(200, '', exchange.request.target) } : {}),
    })
    const client = await rig.connect()
    client.sends(Array.from({ length: 1000 }, (_, i) => get(`/${i}`)).join(''))
    const bodies: string[] = []
    for (let i = 0; i < 1000; i++) bodies.push((await client.readsMessage()).body)
    t.strictSame(
      bodies,
      Array.from({ length: 1000 }, (_, i) => `/${i}`),
      isLocal ? 'answered by the service' : 'forwarded',
    )
  }
})

t.test('one connection full of requests does not keep another one waiting', async (t) => {
  const rig = await Rig.start(t, {
    onRequest: (exchange) => exchange.reply(200, '', exchange.request.target),
  })
  const greedy = await rig.connect()
  const other = await rig.connect()
  await until('both connections are accepted', () => rig.relay.connections === 2)
  greedy.isDiscarding = true
  greedy.sends(get('/g').repeat(5000))
  other.sends(get('/o'))
  t.equal((await other.readsMessage()).body, '/o')
  t.ok(rig.begun.count < 4000, `answered after ${rig.begun.count} requests`)
  await rig.begun.reaches(5001)
})

t.test('a client that pipelines without end is read no further than the read-ahead', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(get('/first'))
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  const socket = await floods(client, get('/more').repeat(2000), rig)
  t.ok(socket < FAR_TOO_MUCH_BYTES / 2, `${socket} bytes were taken`)
  t.equal(rig.begun.count, 1)
})

t.test('a client that pipelines and does not read is not answered into memory', async (t) => {
  const answer = 'x'.repeat(10_000)
  const rig = await Rig.start(t, { onRequest: (exchange) => exchange.reply(200, '', answer) })
  const client = await rig.connect()
  client.socket.pause()
  const taken = await floods(client, get('/more').repeat(2000), rig)
  t.ok(taken < FAR_TOO_MUCH_BYTES / 2, `${taken} bytes were taken`)
  const produced = rig.begun.count * answer.length
  t.ok(produced < FAR_TOO_MUCH_BYTES / 2, `${produced} bytes were answered`)
  client.isDiscarding = true
  client.socket.resume()
  const before = rig.begun.count
  await rig.begun.reaches(before + 1000)
  t.pass('it goes on when the client reads')
})

t.test('a client that pipelines faster than its requests are handled is slowed down', async (t) => {
  const rig = await Rig.start(t, { onRequest: (exchange) => exchange.reply(204, '', '') })
  const client = await rig.connect()
  client.isDiscarding = true
  const request = get('/more')
  client.sends(request.repeat(500_000))
  const { socket } = (await rig.begun.next()).downstream as H1Downstream
  for (let handled = 2000; handled <= 40_000; handled += 2000) {
    await rig.begun.reaches(handled)
    const ahead = socket.bytesRead - rig.begun.count * request.length
    t.ok(ahead < 256 * 1024, `${ahead} bytes were read ahead after ${handled} requests`)
  }
})

t.test('after an answer that closes, requests behind it are not served', async (t) => {
  const rig = await Rig.start(t, { serve: answering((request) => response(request.line)) })
  const client = await rig.connect()
  client.sends(get('/1', 'Connection: close\r\n') + get('/2'))
  t.equal((await client.readsMessage()).body, 'GET /1 HTTP/1.1')
  t.equal(await client.readsToEnd(), '')
  t.equal(rig.begun.count, 1)
})

t.test('a broken request behind good ones is refused in its turn', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(`${get('/1')}GET /2 HTTP/1.1\r\n\r\n`)
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  await turns(5)
  t.equal(client.receivedBytes, 0)
  origin.sends(response('one'))
  t.equal((await client.readsMessage()).body, 'one')
  t.equal((await client.readsMessage()).status, 400)
  t.equal(await client.readsToEnd(), '')
})

/** Sends until nobody takes more for a while; returns how many bytes were taken. */
async function floods(client: Peer, piece: string, rig: Rig): Promise<number> {
  const bytes = Buffer.from(piece, 'latin1')
  let queued = 0
  let last = -1
  let quiet = 0
  while (queued < FAR_TOO_MUCH_BYTES && quiet < 20) {
    if (client.socket.writableLength < 4 * bytes.length) {
      client.socket.write(bytes)
      queued += bytes.length
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
    const progress = queued - client.socket.writableLength + rig.begun.count
    quiet = progress === last ? quiet + 1 : 0
    last = progress
  }
  return queued - client.socket.writableLength
}
