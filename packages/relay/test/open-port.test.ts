import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { openPort } from '../src/open-port.ts'

async function opened(t: Test, host: string, port = 0): Promise<AddressInfo> {
  const server = createServer((socket) => socket.end())
  t.teardown(() => server.close())
  openPort(server, host, port, 16)
  await once(server, 'listening')
  return server.address() as AddressInfo
}

t.test('on the address it is told, and no other', async (t) => {
  const { address, port } = await opened(t, '127.0.0.1')
  t.equal(address, '127.0.0.1')
  await once(connect(port, '127.0.0.1'), 'connect')
  await t.rejects(once(connect(port, '127.0.0.2'), 'connect'))
})

t.test('on every address, with IPv6 where there is one', async (t) => {
  const { address, port } = await opened(t, '::')
  t.match(address, /^(?:::|0\.0\.0\.0)$/)
  await once(connect(port, '127.0.0.1'), 'connect')
})

t.test('on what a name stands for', async (t) => {
  const { address } = await opened(t, 'localhost')
  t.match(address, /^(?:::1|127\.)/)
})

t.test('a port that is taken is an error of the server', async (t) => {
  const { port } = await opened(t, '127.0.0.1')
  const second = createServer()
  openPort(second, '127.0.0.1', port, 16)
  const [error] = (await once(second, 'error')) as unknown as [NodeJS.ErrnoException]
  t.equal(error.code, 'EADDRINUSE')
  t.equal(second.listening, false)
})

t.test('an address of somebody else is an error of the server', async (t) => {
  const server = createServer()
  openPort(server, '192.0.2.1', 0, 16)
  const [error] = (await once(server, 'error')) as unknown as [NodeJS.ErrnoException]
  t.equal(error.code, 'EADDRNOTAVAIL')
})

t.test('a Node without the inside is asked from outside', async (t) => {
  for (const [host, expected] of [
    ['127.0.0.1', /^127\.0\.0\.1$/],
    ['::', /^(?:::|0\.0\.0\.0)$/],
  ] as const) {
    const server = createServer()
    t.teardown(() => server.close())
    const outside = new Proxy(server, {
      get: (target, name) => {
        const value: unknown = name === '_listen2' ? undefined : Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    // `listen` of the server itself still finds it.
    openPort(outside, host, 0, 16)
    await once(server, 'listening')
    t.match((server.address() as AddressInfo).address, expected)
  }
})
