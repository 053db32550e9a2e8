import t from 'tap'
import { response } from './support/origin.ts'
import { values } from './support/peer.ts'
import { get, post, Rig } from './support/rig.ts'
import { turns } from './support/within.ts'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

t.test('queue: a request that is held too long is answered with 503', async (t) => {
  const rig = await Rig.start(t, { onRequest: () => {}, relay: { clocks: { queueMs: 100 } } })
  const client = await rig.connect()
  const startedAt = performance.now()
  client.sends(post('x'))
  const answer = await client.readsMessage()
  const passed = performance.now() - startedAt
  t.ok(passed >= 95 && passed < 1000, `after ${passed.toFixed(0)} ms`)
  t.equal(answer.status, 503)
  t.strictSame(values(answer, 'proxy-status'), ['pilotlight; error=connection_limit_reached'])
  t.strictSame(values(answer, 'connection'), [])
  const ended = await rig.ended.next()
  t.strictSame([ended.outcome, ended.failure, ended.attempts], ['timeout', 'queue-timeout', 0])
})

t.test('queue: it ends with the dispatch', async (t) => {
  const rig = await Rig.start(t, { relay: { clocks: { queueMs: 60 } } })
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  await pause(300)
  origin.sends(response('late'))
  t.equal((await client.readsMessage()).body, 'late')
})

t.test('the service can give the answer to a clock that ran out', async (t) => {
  const rig = await Rig.start(t, {
    onRequest: () => {},
    relay: { clocks: { queueMs: 60 } },
    onFailure: (exchange, failure) => {
      exchange.reply(504, '', `mine: ${failure}`, 'timeout')
      return true
    },
  })
  const client = await rig.connect()
  client.sends(get())
  const answer = await client.readsMessage()
  t.strictSame([answer.status, answer.body], [504, 'mine: queue-timeout'])
})

t.test('response-start: counts from the dispatch, or from the request on', async (t) => {
  for (const includesQueue of [false, true]) {
    const rig = await Rig.start(t, {
      onRequest: (exchange, rig) =>
        setTimeout(() => exchange.phase === 0 && exchange.forward(rig.endpoint), 200),
      relay: { clocks: { responseStartMs: 300, responseStartIncludesQueue: includesQueue } },
    })
    const client = await rig.connect()
    const startedAt = performance.now()
    client.sends(get())
    const origin = await rig.origin.accepts()
    const answer = await client.readsMessage()
    const passed = performance.now() - startedAt
    t.equal(answer.status, 504)
    t.strictSame(values(answer, 'proxy-status'), ['pilotlight; error=http_response_timeout'])
    if (includesQueue) t.ok(passed >= 295 && passed < 460, `after ${passed.toFixed(0)} ms`)
    else t.ok(passed >= 495, `after ${passed.toFixed(0)} ms`)
    await origin.ending()
    t.equal((await rig.ended.next()).failure, 'response-start-timeout')
    client.sends(get('/again'))
    t.equal((await client.readsMessage()).status, 504, 'the client connection goes on')
  }
})

t.test('response-start: with the queue included it ends a request that is only held', async (t) => {
  const rig = await Rig.start(t, {
    onRequest: () => {},
    relay: { clocks: { responseStartMs: 100, responseStartIncludesQueue: true } },
  })
  const client = await rig.connect()
  client.sends(get())
  t.equal((await client.readsMessage()).status, 504)
  t.equal((await rig.ended.next()).failure, 'response-start-timeout')
})

t.test('response-start: a stream that has begun is exempt', async (t) => {
  const rig = await Rig.start(t, { relay: { clocks: { responseStartMs: 150 } } })
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  origin.sends('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  await client.readsHead()
  await pause(400)
  origin.sends('2\r\nok\r\n0\r\n\r\n')
  t.equal(await client.reads(12), '2\r\nok\r\n0\r\n\r\n')
})

t.test('idle: nothing for too long before the response is answered with 504', async (t) => {
  const rig = await Rig.start(t, { relay: { clocks: { idleMs: 150 } } })
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  const answer = await client.readsMessage()
  t.equal(answer.status, 504)
  t.strictSame(values(answer, 'proxy-status'), ['pilotlight; error=connection_read_timeout'])
  await origin.ending()
  t.equal((await rig.ended.next()).failure, 'idle-timeout')
})

t.test('idle: it does not run while a request is held', async (t) => {
  const rig = await Rig.start(t, { onRequest: () => {}, relay: { clocks: { idleMs: 60 } } })
  const client = await rig.connect()
  client.sends(get())
  const exchange = await rig.begun.next()
  await pause(300)
  t.ok(exchange.isAnswerable)
  exchange.forward(rig.endpoint)
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  origin.sends(response('ok'))
  t.equal((await client.readsMessage()).body, 'ok')
})

t.test('idle: an upload that moves keeps it alive, and so does an interim response', async (t) => {
  const rig = await Rig.start(t, { relay: { clocks: { idleMs: 250 } } })
  const client = await rig.connect()
  client.sends(post('x'.repeat(10)).slice(0, -10))
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  for (let i = 0; i < 10; i++) {
    await pause(60)
    client.sends('x')
  }
  await origin.reads(10)
  for (let i = 0; i < 5; i++) {
    await pause(100)
    origin.sends('HTTP/1.1 102 Processing\r\n\r\n')
    t.equal((await client.readsMessage()).status, 102)
  }
  origin.sends(response('ok'))
  t.equal((await client.readsMessage()).body, 'ok')
})

for (const [clock, clocks] of [
  ['idle', { idleMs: 200 }],
  ['total', { totalMs: 200 }],
] as const) {
  for (const [framing, head] of [
    ['chunked', 'Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n'],
    ['with a length', 'Content-Length: 10\r\n\r\nsome'],
  ] as const) {
    t.test(`${clock}: a response ${framing} that has begun is cut, and nothing is appended`, async (t) => {
      const rig = await Rig.start(t, { relay: { clocks } })
      const client = await rig.connect()
      client.sends(get())
      const origin = await rig.origin.accepts()
      await origin.readsMessage()
      origin.sends(`HTTP/1.1 200 OK\r\n${head}`)
      await client.readsHead()
      await client.readsThrough('some')
      t.equal(await client.ending(), 'reset')
      t.equal(client.unread.trim(), '')
      await origin.ending()
      const ended = await rig.ended.next()
      t.strictSame([ended.outcome, ended.failure, ended.status], ['timeout', `${clock}-timeout`, 200])
    })
  }
}

t.test('idle: a response that moves keeps it alive', async (t) => {
  const rig = await Rig.start(t, { relay: { clocks: { idleMs: 250 } } })
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  origin.sends('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n')
  await client.readsHead()
  for (let i = 0; i < 8; i++) {
    await pause(100)
    origin.sends('x')
    await client.reads(1)
  }
  t.equal((await rig.ended.next()).outcome, 'ok')
})

t.test('idle: a client that reads slowly but steadily keeps it alive', async (t) => {
  const size = 12 * 1024 * 1024
  const rig = await Rig.start(t, { relay: { clocks: { idleMs: 400 } } })
  const client = await rig.connect()
  client.socket.pause()
  client.isDiscarding = true
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  origin.sends(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
  origin.socket.write(Buffer.alloc(size))
  // Everything the origin has to say is on its way long before the client has read it.
  const reading = setInterval(() => {
    client.socket.resume()
    setTimeout(() => client.socket.pause(), 2)
  }, 20)
  t.teardown(() => clearInterval(reading))
  await client.receives(size)
  clearInterval(reading)
  t.equal((await rig.ended.next()).outcome, 'ok')
})

t.test('total: runs from the request on, whatever moves', async (t) => {
  const rig = await Rig.start(t, { relay: { clocks: { totalMs: 300 } } })
  const client = await rig.connect()
  const startedAt = performance.now()
  client.sends(post('x'.repeat(1000)).slice(0, -1000))
  const uploading = setInterval(() => client.sends('x'), 10)
  t.teardown(() => clearInterval(uploading))
  const answer = await client.readsMessage()
  const passed = performance.now() - startedAt
  clearInterval(uploading)
  t.equal(answer.status, 504)
  t.strictSame(values(answer, 'proxy-status'), ['pilotlight; error=http_response_timeout'])
  t.ok(passed >= 295 && passed < 1500, `after ${passed.toFixed(0)} ms`)
  t.equal((await rig.ended.next()).failure, 'total-timeout')
})

t.test('total: covers the time a request is held and the time between attempts', async (t) => {
  for (const onRequest of [() => {}, undefined]) {
    const rig = await Rig.start(t, {
      ...(onRequest === undefined ? {} : { onRequest }),
      relay: { clocks: { totalMs: 200 } },
      serve: async (peer) => {
        await peer.readsMessage()
        peer.resets()
      },
      onFailure: (_exchange, failure) => failure === 'upstream-closed',
    })
    const client = await rig.connect()
    client.sends(get())
    t.equal((await client.readsMessage()).status, 504)
    t.equal((await rig.ended.next()).failure, 'total-timeout')
  }
})

t.test('an exchange takes the clocks its service gives it', async (t) => {
  const clocks = {
    queueMs: 0,
    responseStartMs: 0,
    responseStartIncludesQueue: false,
    idleMs: 0,
    totalMs: 100,
    tunnelMs: 0,
  }
  const rig = await Rig.start(t, {
    onRequest: (exchange, rig) => {
      exchange.clocks = clocks
      exchange.forward(rig.endpoint)
    },
  })
  const client = await rig.connect()
  client.sends(get())
  t.equal((await client.readsMessage()).status, 504)
})

t.test('clocks do not fire for what is over', async (t) => {
  const rig = await Rig.start(t, {
    serve: async (peer) => {
      for (;;) {
        await peer.readsMessage()
        peer.sends(response('ok'))
      }
    },
    relay: { clocks: { queueMs: 60, responseStartMs: 60, idleMs: 60, totalMs: 60 } },
  })
  const client = await rig.connect()
  for (let i = 0; i < 5; i++) {
    client.sends(get())
    t.equal((await client.readsMessage()).body, 'ok')
    await pause(80)
  }
  await turns()
  t.notOk(client.isOver)
  t.strictSame(rig.failed.all, [])
})

t.test(
  'request after request nothing is linked into the wheel: the connections stand in it and carry the clocks',
  async (t) => {
    const rig = await Rig.start(t, { relay: { clocks: { idleMs: 200_000 } } })
    const client = await rig.connect()
    const slots = new Set<number>()
    let armed = 0
    for (let i = 0; i < 5; i++) {
      client.sends(get())
      const exchange = await rig.begun.next()
      const origin = i === 0 ? await rig.origin.accepts() : rig.origin.accepted.all[0]
      await origin.readsMessage()
      t.equal(exchange.timerTick, -1)
      slots.add(exchange.downstream.timed!.timerTick)
      origin.sends(response('ok'))
      await client.readsMessage()
      await rig.ended.next()
      if (i > 0) t.equal(rig.relay.wheel.armed, armed)
      armed = rig.relay.wheel.armed
    }
    t.equal(armed, 2, 'the two connections')
    t.equal(slots.size, 1, 'the connection stays where it was')
  },
)
