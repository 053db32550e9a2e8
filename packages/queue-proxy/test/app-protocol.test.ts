import { once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { fetchFrom, startApp, startSidecar } from './support/scene.ts'

/** An app that speaks HTTP/2 and nothing else, as most gRPC servers. */
async function startHttp2App(t: Test): Promise<number> {
  const server = http2.createServer((request, response) =>
    response.end(`h2 ${request.method} ${request.url}`),
  )
  const sessions = new Set<http2.ServerHttp2Session>()
  server.on('session', (session) => sessions.add(session))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function fetchByHttp2(t: Test, port: number): Promise<[status: number | undefined, body: string]> {
  const session = http2.connect(`http://127.0.0.1:${port}`)
  t.teardown(() => session.destroy())
  const stream = session.request({ ':path': '/two' })
  let status: number | undefined
  let body = ''
  stream.setEncoding('latin1')
  stream.on('response', (headers) => (status = headers[':status']))
  stream.on('data', (text: string) => (body += text))
  await once(stream, 'end')
  return [status, body]
}

t.test('every client reaches every app', async (t) => {
  const http1App = await startApp(t, (request, response) =>
    response.end(`http1 ${request.method} ${request.url}`),
  )
  for (const [name, appPort] of [
    ['http1', http1App.port],
    ['h2', await startHttp2App(t)],
  ] as const) {
    const { main } = (await startSidecar(t, appPort)).ports
    t.equal((await fetchFrom(main, { path: '/one' })).body, `${name} GET /one`)
    t.equal((await fetchFrom(main, { path: '/one', method: 'POST', body: 'x' })).body, `${name} POST /one`)
    t.strictSame(await fetchByHttp2(t, main), [200, `${name} GET /two`])
    t.strictSame(await fetchByHttp2(t, main), [200, `${name} GET /two`])
  }
})

t.test('Knative: the app is spoken to as the client speaks', async (t) => {
  const http1App = await startApp(t, (_, response) => response.end('http1'))
  const mirror = { QUEUE_APP_PROTOCOL: 'mirror' }
  const toHttp1 = (await startSidecar(t, http1App.port, mirror)).ports.main
  t.equal((await fetchFrom(toHttp1)).body, 'http1')
  t.equal((await fetchByHttp2(t, toHttp1))[0], 502)
  const toHttp2 = (await startSidecar(t, await startHttp2App(t), mirror)).ports.main
  t.equal((await fetchFrom(toHttp2)).status, 502)
  t.equal((await fetchByHttp2(t, toHttp2))[1], 'h2 GET /two')
})

t.test('a fixed protocol is used for everybody', async (t) => {
  const http1App = await startApp(t, (_, response) => response.end('http1'))
  const http1 = (await startSidecar(t, http1App.port, { QUEUE_APP_PROTOCOL: 'http1' })).ports.main
  t.strictSame([(await fetchFrom(http1)).body, (await fetchByHttp2(t, http1))[1]], ['http1', 'http1'])
  const h2c = (await startSidecar(t, await startHttp2App(t), { QUEUE_APP_PROTOCOL: 'h2c' })).ports.main
  t.strictSame([(await fetchFrom(h2c)).body, (await fetchByHttp2(t, h2c))[1]], ['h2 GET /', 'h2 GET /two'])
})
