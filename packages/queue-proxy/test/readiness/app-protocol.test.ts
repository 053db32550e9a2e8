import { createServer, type Socket } from 'node:net'
import t from 'tap'
import { detectHttp2 } from '../../src/readiness/app-protocol.ts'
import {
  freePort,
  listen,
  startH2,
  startHttp1,
  startRaw,
  within,
} from '../../../../test/support/probed-apps.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { FullListener } from '../../../../test/support/full-listener.ts'
import { PLENTY_MS } from './support/probing.ts'

t.test('an app that greets in HTTP/2 speaks it', async (t) => {
  const port = await startH2(t, (_, response) => response.end())
  t.equal(await detectHttp2(port, PLENTY_MS), 'h2')
})

t.test('an app that speaks HTTP/1.1 does not', async (t) => {
  const port = await startHttp1(t, () => t.fail('this is no request'))
  t.equal(await detectHttp2(port, PLENTY_MS), 'http1')
})

t.test('the greeting is whole, and so is the goodbye', async (t) => {
  let received = ''
  const ended = new Promise<void>((resolve) => {
    const server = createServer((socket: Socket) => {
      socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
      socket.once('end', resolve)
      // A byte at a time.
      void (async () => {
        for (const byte of Buffer.from('00000c040000000000', 'hex')) {
          socket.write(Buffer.from([byte]))
          await settle()
        }
      })()
    })
    void listen(t, server).then(async (port) => t.equal(await detectHttp2(port, PLENTY_MS), 'h2'))
  })
  await within('the connection ends', ended)
  const settings = '\0\0\0\x04\0\0\0\0\0'
  const goaway = '\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0'
  t.equal(received, `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${settings}${goaway}`)
})

t.test('only SETTINGS of the whole connection, well formed and no acknowledgement, is HTTP/2', async (t) => {
  const answers = [
    '',
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    '\0\0\0\x04\x01\0\0\0\0',
    '\0\0\0\x04\0\0\0\0\x01',
    '\0\0\x05\x04\0\0\0\0\0',
    '\0\x60\0\x04\0\0\0\0\0',
    '\x01\0\0\x04\0\0\0\0\0',
    '\0\0\0\x07\0\0\0\0\0',
    '\0\0\0',
  ]
  for (const answer of answers) {
    const port = await startRaw(t, (socket) => socket.end(answer, 'latin1'))
    t.equal(await detectHttp2(port, PLENTY_MS), 'http1', JSON.stringify(answer))
  }
  const port = await startRaw(t, (socket) => socket.resetAndDestroy())
  t.equal(await detectHttp2(port, PLENTY_MS), 'http1', 'a reset')
})

t.test('silence for the whole time is HTTP/1', async (t) => {
  const clock = new FakeClock()
  const greeted = new Promise<void>((resolve) => {
    void startRaw(t, () => resolve()).then((port) => (result = detectHttp2(port, 100, clock)))
  })
  let result: Promise<string> = Promise.resolve('')
  await within('the app is greeted', greeted)
  await clock.advance(100)
  t.equal(await result, 'http1')
  t.equal(clock.pending, 0)
})

t.test('nobody there is told apart', async (t) => {
  const clock = new FakeClock()
  t.equal(await detectHttp2(await freePort(), 100, clock), 'unreachable')
  t.equal(clock.pending, 0)
})

t.test(
  'so is a port that drops what comes',
  { skip: process.platform === 'linux' ? false : 'only Linux drops what a full queue cannot take' },
  async (t) => {
    const { port } = await FullListener.start(t)
    const clock = new FakeClock()
    const result = detectHttp2(port, 100, clock)
    await clock.advance(100)
    t.equal(await result, 'unreachable')
  },
)

t.test('an app that keeps the connection after the goodbye has the rest of the time', async (t) => {
  const clock = new FakeClock()
  const closed = new Promise((resolve) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.write(Buffer.from('000000040000000000', 'hex'))
      socket.resume()
      socket.once('close', resolve)
      // The end of a connection that is gone shows in what is written to it.
      const write = (): unknown => socket.write('x', () => socket.destroyed || setImmediate(write))
      socket.once('end', () => void clock.advance(100).then(write))
    })
    void listen(t, server).then(async (port) => {
      t.equal(await detectHttp2(port, 100, clock), 'h2')
      t.equal(clock.pending, 1, 'the app may say goodbye too')
    })
  })
  await within('the connection is closed', closed)
  t.equal(clock.pending, 0)
})
