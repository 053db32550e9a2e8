import { type Exchange, type ExchangeHandler, Relay } from '@pilotlight/relay'
import type { Logger } from '@pilotlight/telemetry'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { closeGracefully } from '../src/closing.ts'
import { within } from './support/within.ts'

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'
const LONG_MS = 3_600_000

/** A relay before an app that upgrades every connection, and answers what it is told to. */
async function setUp(t: Test) {
  const app = createServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.write(SWITCH))
  })
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  t.teardown(() => app.close())
  const held: Exchange[] = []
  let onHeld = (): void => {}
  const handler: ExchangeHandler = {
    onRequest: (exchange) => {
      if (exchange.request.upgrade !== '') return exchange.forward(endpoint)
      held.push(exchange)
      onHeld()
    },
    onResponse() {},
    onFailure: () => false,
    onDone() {},
  }
  const relay = await Relay.start({ listen: [{ host: '127.0.0.1', port: 0 }], proxyName: 'one' }, handler)
  t.teardown(() => relay.destroy())
  const endpoint = relay.endpoint({ host: '127.0.0.1', port: (app.address() as AddressInfo).port })
  const warnings: string[] = []
  const log = { warn: (text: string) => void warnings.push(text) } as unknown as Logger
  const send = (fields: string): Socket => {
    const socket = connect(relay.ports[0], '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => {}).write(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)
    return socket
  }
  /** A client whose connection is upgraded. */
  const upgrade = async (): Promise<Socket> => {
    const socket = send('Connection: Upgrade\r\nUpgrade: x\r\n')
    await within('the connection is upgraded', once(socket, 'data'))
    return socket
  }
  /** A request that is under way. */
  const hold = async (): Promise<{ socket: Socket; exchange: Exchange }> => {
    const arrived = new Promise<void>((resolve) => (onHeld = resolve))
    const socket = send('')
    await within('the request arrives', arrived)
    return { socket, exchange: held[0] }
  }
  return { relay, log, warnings, upgrade, hold }
}

/** Resolves when nobody listens on `port` any more. Who was let in before that is sent away. */
async function refused(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const code = await new Promise<string>((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
      socket.on('close', () => resolve('')).resume()
    })
    if (code === 'ECONNREFUSED') return
  }
}

t.test('it ends when requests have been answered, and accepts nothing meanwhile', async (t) => {
  const { relay, log, warnings, hold } = await setUp(t)
  const { socket, exchange } = await hold()
  const [port] = relay.ports
  let isOver = false
  // No patience at all: what is no upgraded connection does not need it.
  const over = closeGracefully(relay, 0, log).then(() => (isOver = true))
  await within('a late client is turned away', refused(port))
  t.equal(isOver, false)
  exchange.reply(200, '', 'ok')
  const [answer] = await within('the answer comes', once(socket.setEncoding('latin1'), 'data'))
  t.match(answer, /^HTTP\/1\.1 200 /)
  await within('the end', over)
  t.strictSame(warnings, [])
})

t.test('upgraded connections that end in time are left alone', async (t) => {
  const { relay, log, warnings, upgrade } = await setUp(t)
  const socket = await upgrade()
  const over = closeGracefully(relay, LONG_MS, log)
  t.equal(relay.tunnels, 1)
  socket.destroy()
  await within('the end, long before patience is over', over)
  t.strictSame(warnings, [])
})

t.test('those that do not are ended, and it is said', async (t) => {
  const { relay, log, warnings, upgrade } = await setUp(t)
  const ended = Promise.all([await upgrade(), await upgrade()].map((socket) => once(socket, 'close')))
  const over = closeGracefully(relay, 20, log)
  t.equal(relay.tunnels, 2)
  await within('the clients are parted from', ended)
  await within('the end', over)
  t.equal(relay.tunnels, 0)
  t.strictSame(warnings, ['Closing 2 upgraded connections that did not end within 0.02s'])
})
