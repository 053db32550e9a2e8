import fc from 'fast-check'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type Address, addressName, attemptMs, dial, DIAL_PACE, type DialPace } from '../src/dial.ts'
import { Events } from './support/events.ts'
import { FullListener } from '../../../test/support/full-listener.ts'
import { bounded } from './support/model-settings.ts'
import { turns, within } from './support/within.ts'

const IS_LINUX = process.platform === 'linux' ? false : 'only Linux drops what a full queue cannot take'
/** The real order of attempts, in little time. */
const QUICK: DialPace = {
  firstMs: 20,
  growth: 1.05,
  jitter: 0.1,
  attemptsMax: 15,
  pauseMinMs: 1,
  pauseMaxMs: 3,
  handshakeMs: 100,
}

interface Dialled {
  readonly socket: Socket | null
  readonly failure: string
  readonly detail: string
}

/** Dials, and resolves with what became of it. */
function dials(t: Test, address: Address, pace?: DialPace): Promise<Dialled> {
  return within(
    'the dial ends',
    new Promise((resolve) => {
      const stop = dial(
        address,
        null,
        (socket, failure, detail) => {
          socket?.on('error', () => {})
          t.teardown(() => socket?.destroy())
          resolve({ socket, failure, detail })
        },
        pace,
      )
      t.teardown(stop)
    }),
  )
}

/** Every socket that this process makes from now on. */
function countAttempts(t: Test): Events<unknown> {
  const attempts = new Events<unknown>('an attempt to connect')
  const note = (message: unknown): void => attempts.push(message)
  subscribe('net.client.socket', note)
  t.teardown(() => unsubscribe('net.client.socket', note))
  return attempts
}

async function listening(t: Test): Promise<{ port: number; server: ReturnType<typeof createServer> }> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
  })
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { port: (server.address() as AddressInfo).port, server }
}

t.test(
  'the attempts are those of Knative: 50 ms, growing by 1.4, 15 of them, 20 to 22 s in all',
  async (t) => {
    const times = (random: number): number[] =>
      Array.from({ length: DIAL_PACE.attemptsMax }, (_, attempt) =>
        Math.round(attemptMs(DIAL_PACE, attempt, random)),
      )
    t.strictSame(times(0), [50, 70, 98, 137, 192, 269, 376, 527, 738, 1033, 1446, 2025, 2835, 3969, 5556])
    t.equal(times(1)[0], 55, 'at most a tenth is added')
    const total = (random: number, pauseMs: number): number =>
      times(random).reduce((sum, ms) => sum + ms, 0) + (DIAL_PACE.attemptsMax - 1) * pauseMs
    t.ok(total(0, DIAL_PACE.pauseMinMs) > 19_500)
    t.ok(total(1, DIAL_PACE.pauseMaxMs) < 22_200)
    t.strictSame([DIAL_PACE.pauseMinMs, DIAL_PACE.pauseMaxMs], [30, 60])
  },
)

t.test('each attempt gets more time than the one before, whatever the jitter', async (t) => {
  fc.assert(
    fc.property(
      fc.nat({ max: 13 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (n, a, b) => {
        const [first, second] = [attemptMs(DIAL_PACE, n, a), attemptMs(DIAL_PACE, n + 1, b)]
        return first > 49.9 * 1.4 ** n && first < 55.1 * 1.4 ** n && second > first
      },
    ),
    bounded(500),
  )
  t.pass()
})

t.test('connects', async (t) => {
  const { port } = await listening(t)
  const { socket, failure } = await dials(t, { host: '127.0.0.1', port })
  t.equal(failure, '')
  t.equal(socket!.remotePort, port)
  t.equal(socket!.allowHalfOpen, true)
  t.equal(socket!.listenerCount('error'), 1, 'only that of its new owner')
})

t.test('a refusal is final at once', async (t) => {
  const { port, server } = await listening(t)
  server.close()
  await once(server, 'close')
  const attempts = countAttempts(t)
  const { socket, failure, detail } = await dials(t, { host: '127.0.0.1', port })
  t.equal(socket, null)
  t.equal(failure, 'connect-refused')
  t.equal(detail, `dial tcp 127.0.0.1:${port}: connect: connection refused`)
  t.equal(attempts.count, 1)
})

t.test('a refusal by every address of a name is one too', async (t) => {
  const { port, server } = await listening(t)
  server.close()
  await once(server, 'close')
  const { failure, detail } = await dials(t, { host: 'localhost', port })
  t.equal(failure, 'connect-refused')
  t.equal(detail, `dial tcp localhost:${port}: connect: connection refused`)
})

t.test('an address that cannot be used fails, and says why', async (t) => {
  const { failure, detail } = await dials(t, { host: '127.0.0.1', port: 70_000 })
  t.equal(failure, 'connect-failed')
  t.match(detail, /^dial tcp 127\.0\.0\.1:70000: .*70000/)
})

t.test('what is dropped is tried again until it is accepted', { skip: IS_LINUX }, async (t) => {
  const listener = await FullListener.start(t)
  const attempts = countAttempts(t)
  const result = dials(t, { host: '127.0.0.1', port: listener.port }, { ...QUICK, attemptsMax: 200 })
  await attempts.reaches(3)
  listener.resumes()
  const { socket, failure } = await result
  t.equal(failure, '')
  t.ok(socket)
})

t.test('a refusal after timeouts is final at once', { skip: IS_LINUX }, async (t) => {
  const listener = await FullListener.start(t)
  const attempts = countAttempts(t)
  const result = dials(t, { host: '127.0.0.1', port: listener.port }, { ...QUICK, attemptsMax: 200 })
  await attempts.reaches(2)
  await listener.dies()
  t.equal((await result).failure, 'connect-refused')
})

t.test('after the last attempt it gives up, and says after how long', { skip: IS_LINUX }, async (t) => {
  const listener = await FullListener.start(t)
  const attempts = countAttempts(t)
  const startedAt = performance.now()
  const { socket, failure, detail } = await dials(t, { host: '127.0.0.1', port: listener.port }, QUICK)
  const seconds = (performance.now() - startedAt) / 1000
  t.equal(socket, null)
  t.equal(failure, 'connect-timeout')
  t.equal(attempts.count, 15)
  const said = /^timed out dialing 127\.0\.0\.1:(\d+) after (\d+\.\d\d)s$/.exec(detail)
  t.equal(said?.[1], String(listener.port), detail)
  t.ok(Math.abs(Number(said?.[2]) - seconds) < 0.1, `${said?.[2]} of ${seconds}`)
  t.ok(seconds > 0.43, 'each attempt had its time')
})

t.test('giving up is silent, and ends the attempts', { skip: IS_LINUX }, async (t) => {
  const listener = await FullListener.start(t)
  const attempts = countAttempts(t)
  let told = 0
  const stop = dial({ host: '127.0.0.1', port: listener.port }, null, () => told++, QUICK)
  await attempts.reaches(2)
  stop()
  stop()
  await listener.dies()
  await turns(10)
  t.equal(told, 0)
  t.equal(attempts.count, 2)
})

t.test('a TLS handshake has its own time, and is not started anew', async (t) => {
  const { port } = await listening(t)
  const attempts = countAttempts(t)
  const { failure, detail } = await dials(t, { host: '127.0.0.1', port, tls: {} }, { ...QUICK, firstMs: 50 })
  t.equal(failure, 'tls-failed')
  t.equal(detail, 'TLS handshake timeout')
  t.equal(attempts.count, 1)
})

t.test('who closes inside the handshake does not speak TLS', async (t) => {
  const { port, server } = await listening(t)
  server.on('connection', (socket: Socket) => socket.end('SSH-2.0-x\r\n'))
  t.equal((await dials(t, { host: '127.0.0.1', port, tls: {} })).failure, 'tls-failed')
})

t.test('TLS options that cannot be used are a failure, not an exception', async (t) => {
  const { port } = await listening(t)
  const { failure, detail } = await dials(t, {
    host: '127.0.0.1',
    port,
    tls: { minVersion: 'TLSv9' as never },
  })
  t.equal(failure, 'tls-failed')
  t.match(detail, 'TLSv9')
})

t.test('an address is named with brackets around IPv6', async (t) => {
  t.equal(addressName({ host: '::1', port: 80 }), '[::1]:80')
  t.equal(addressName({ host: '10.0.0.1', port: 80 }), '10.0.0.1:80')
  t.equal(addressName({ host: 'a.test', port: 80 }), 'a.test:80')
})

t.test('a connection to itself is no connection', async (t) => {
  const { port, server } = await listening(t)
  server.close()
  await once(server, 'close')
  // The system may give a connection the port it goes to, once in some ten thousand times; here it always does.
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: { connect: (normalized: object[]) => Socket } }
    const connect = socket.connect.bind(socket)
    socket.connect = (normalized) => {
      Object.assign(normalized[0], { localAddress: '127.0.0.1', localPort: port })
      return connect(normalized)
    }
  }
  subscribe('net.client.socket', onSocket)
  t.teardown(() => unsubscribe('net.client.socket', onSocket))
  const address = { host: '127.0.0.1', port }
  t.match(await dials(t, address), { socket: null, failure: 'connect-refused', detail: /connection refused/ })
  unsubscribe('net.client.socket', onSocket)
  const next = createServer().listen(port, '127.0.0.1')
  await once(next, 'listening')
  t.teardown(() => next.close())
  t.pass('the port is free for who it belongs to')
})
