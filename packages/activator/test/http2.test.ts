import { once } from 'node:events'
import { type ClientHttp2Session, connect, createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { Scene } from './support/scene.ts'
import { until } from './support/within.ts'

/** An instance that speaks HTTP/2, with probes over HTTP/1.1 as sidecars have them: on one port. */
async function startInstance(
  t: Test,
  serve: (stream: ServerHttp2Stream, path: string) => void,
): Promise<string> {
  const http = process.getBuiltinModule('node:http')
  const net = process.getBuiltinModule('node:net')
  const probes = http.createServer((_request, response) => void response.end('queue'))
  const app = createServer()
  app.on('stream', (stream: ServerHttp2Stream, headers) => serve(stream, String(headers[':path'])))
  // One port for both: the preface of HTTP/2 tells them apart.
  const door = net.createServer((socket) => {
    socket.once('readable', () => {
      const first = (socket.read() as Buffer | null) ?? Buffer.alloc(0)
      socket.unshift(first)
      const server = first.toString('latin1').startsWith('PRI') ? app : probes
      server.emit('connection', socket)
    })
    socket.on('error', () => {})
  })
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  t.teardown(() => door.close())
  return `127.0.0.1:${(door.address() as AddressInfo).port}`
}

async function session(t: Test, port: number): Promise<ClientHttp2Session> {
  const client = connect(`http://127.0.0.1:${port}`)
  t.teardown(() => client.destroy())
  await once(client, 'connect')
  return client
}

const FIELDS = { 'knative-serving-namespace': 'default', 'knative-serving-revision': 'hello-00001' }

t.test('a request over HTTP/2 waits and goes on over HTTP/2, with its trailers', async (t) => {
  const address = await startInstance(t, (stream, path) => {
    stream.respond({ ':status': 200, 'x-path': path }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.pipe(stream)
  })
  const scene = await Scene.start(t, { spec: { protocol: 'h2c' } })
  for (const port of [scene.activator.ports['http1'], scene.activator.ports['h2c']]) {
    scene.platform.instances([])
    const client = await session(t, port)
    const stream = client.request({
      ':method': 'POST',
      ':path': '/pkg.Service/Call',
      te: 'trailers',
      ...FIELDS,
    })
    let trailers: Record<string, unknown> = {}
    stream.on('trailers', (fields) => (trailers = fields))
    stream.end('message')
    await until('it waits', () => scene.activator.held === 1)
    scene.instances(address)
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    t.match(headers, { ':status': 200, 'x-path': '/pkg.Service/Call' })
    let body = ''
    for await (const chunk of stream.setEncoding('utf8')) body += chunk as string
    t.equal(body, 'message')
    t.equal(trailers['grpc-status'], '0')
  }
})

t.test('over HTTP/2 too, who waited for a cold start is told its id and what it waited for', async (t) => {
  const address = await startInstance(t, (stream) => {
    stream.respond({ ':status': 200 })
    stream.end()
  })
  const scene = await Scene.start(t, {
    spec: { protocol: 'h2c' },
    env: { ACTIVATOR_SERVER_TIMING: 'true' },
  })
  const client = await session(t, scene.port)
  const stream = client.request({ ':path': '/', ...FIELDS, 'x-request-id': 'not sane' })
  await until('it waits', () => scene.activator.held === 1)
  scene.instances(address)
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
  t.match(headers, { 'x-request-id': /^[0-9a-f]{16}-1$/, 'server-timing': /^queued;dur=/ })
  const refused = client.request({ ':path': '/', ':authority': 'nobody.example' })
  const [answer] = (await once(refused, 'response')) as [Record<string, unknown>]
  t.match(answer, { ':status': 404, 'x-request-id': /-2$/, 'proxy-status': /^activator; error=/ })
})

t.test('a stream that is cancelled while it waits is out of the line', async (t) => {
  const scene = await Scene.start(t, { spec: { protocol: 'h2c' } })
  const client = await session(t, scene.port)
  const stream = client.request({ ':method': 'POST', ':path': '/', ...FIELDS })
  stream.on('error', () => {})
  stream.write('begun')
  await until('it waits', () => scene.activator.held === 1)
  stream.close(8)
  await until('it is gone', () => scene.activator.held === 0)
  t.equal(scene.activator.heldBytes, 0)
})
