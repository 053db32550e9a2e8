import { createServer, type Socket } from 'node:net'
import t from 'tap'
import type { ProbeAction } from '../src/probe-action.ts'
import { freePort, listen, within } from '../../../test/support/probed-apps.ts'
import { FakeClock } from './support/fake-clock.ts'
import { FullListener } from '../../../test/support/full-listener.ts'
import { attempt } from './support/probing.ts'

const tcpSocket = (port: number | string, host = '127.0.0.1'): ProbeAction => ({
  kind: 'tcpSocket',
  host,
  port: String(port),
})

t.test('connects and closes at once, without a byte and without a reset', async (t) => {
  const ended = new Promise<string>((resolve) => {
    const server = createServer((socket: Socket) => {
      socket.on('data', () => resolve('bytes'))
      socket.once('error', () => resolve('reset'))
      socket.once('end', () => resolve('end'))
    })
    void listen(t, server).then(async (port) => t.equal(await attempt(t, tcpSocket(port)), 'ready'))
  })
  t.equal(await within('the connection ends', ended), 'end')
})

t.test('a host that is empty is the loopback address', async (t) => {
  const port = await listen(t, createServer())
  t.equal(await attempt(t, tcpSocket(port, '')), 'ready')
  t.equal(await attempt(t, tcpSocket(port, 'localhost')), 'ready')
})

t.test("fails in Go's words", async (t) => {
  const port = await freePort()
  const refused = `connect: connection refused`
  t.equal(await attempt(t, tcpSocket(port)), `dial tcp 127.0.0.1:${port}: ${refused}`)
  t.equal(await attempt(t, tcpSocket(port, '')), `dial tcp :${port}: ${refused}`)
  t.equal(await attempt(t, tcpSocket(port, 'localhost')), `dial tcp localhost:${port}: ${refused}`)
  t.equal(await attempt(t, tcpSocket('abc')), 'dial tcp: lookup tcp/abc: unknown port')
  t.equal(await attempt(t, tcpSocket('99999')), 'dial tcp: address 99999: invalid port')
  t.match(await attempt(t, tcpSocket(1, 'no such name.')), /^dial tcp: lookup no such name\.: no such host$/)
})

t.test(
  'a port that drops what comes takes an attempt its time, no more',
  { skip: process.platform === 'linux' ? false : 'only Linux drops what a full queue cannot take' },
  async (t) => {
    const { port } = await FullListener.start(t)
    const clock = new FakeClock()
    const result = attempt(t, tcpSocket(port), { timeoutMs: 100, clock })
    await clock.advance(100)
    t.equal(await result, `dial tcp 127.0.0.1:${port}: i/o timeout`)
    t.equal(clock.pending, 0)
  },
)
