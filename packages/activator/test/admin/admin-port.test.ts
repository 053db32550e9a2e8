import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t from 'tap'
import { readSettings } from '../../src/settings.ts'
import { Scene, send } from '../support/scene.ts'
import { within } from '../support/within.ts'

const ADMIN = { ACTIVATOR_ADMIN_PORT: '0' }

t.test('there is no admin port unless one is set', async (t) => {
  const scene = await Scene.start(t)
  t.notOk('admin' in scene.activator.ports)
})

t.test('what is not valid is a problem', async (t) => {
  const problemsOf = (env: Record<string, string>): readonly string[] =>
    readSettings({ ACTIVATOR_CONFIG: '/a.yaml', ...env }).problems
  t.match(problemsOf({ ACTIVATOR_ADMIN_PORT: '70000' }), [
    /^ACTIVATOR_ADMIN_PORT is "70000": it must be a port/,
  ])
  t.match(problemsOf({ ACTIVATOR_ADMIN_HOST: 'here' }), [
    /^ACTIVATOR_ADMIN_HOST is "here": it must be an IP address of this machine/,
  ])
  t.match(problemsOf({ ACTIVATOR_ADMIN_PAGE: 'maybe' }), [/ACTIVATOR_ADMIN_PAGE/])
  const { settings } = readSettings({ ACTIVATOR_CONFIG: '/a.yaml', ACTIVATOR_ADMIN_PORT: '8081' })
  t.strictSame(settings.admin, { host: '127.0.0.1', port: 8081, hasPage: true })
})

t.test('a port that is taken is named, with the setting', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await t.rejects(Scene.start(t, { env: { ACTIVATOR_ADMIN_PORT: String(port) } }), {
    message: new RegExp(
      `^ACTIVATOR_ADMIN_PORT is ${port}: it cannot be opened on 127.0.0.1, another program`,
    ),
  })
})

t.test('every answer says what a page may do with it', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const { admin } = scene.activator.ports
  for (const path of ['/status', '/healthz', '/nothing']) {
    const { headers } = await send(admin, { path }).answer
    t.match(
      headers['content-security-policy'],
      /^default-src 'none'; script-src 'self'; .*form-action 'none'$/,
    )
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.equal(headers['referrer-policy'], 'no-referrer')
    t.notOk('access-control-allow-origin' in headers)
  }
  const { headers } = await send(admin, { path: '/status' }).answer
  t.equal(headers['cache-control'], 'no-store')
  t.equal(headers['content-type'], 'application/json')
})

t.test('paths that there are and that there are not', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const { admin } = scene.activator.ports
  const health = await send(admin, { path: '/healthz?now' }).answer
  t.strictSame([health.status, health.body], [200, 'ok\n'])
  const nothing = await send(admin, { path: '/nothing' }).answer
  t.strictSame([nothing.status, JSON.parse(nothing.body)], [404, { message: 'there is nothing at /nothing' }])
  const outside = await send(admin, { path: '/../admin-port.ts' }).answer
  t.equal(outside.status, 404)
})

t.test('nothing can be changed by it', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const { admin } = scene.activator.ports
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const { status, headers } = await send(admin, { path: '/status', method }).answer
    t.strictSame([status, headers.allow], [405, 'GET, HEAD'], method)
  }
  for (const path of ['/status', '/events', '/healthz']) {
    const { status, body } = await send(admin, { path, method: 'HEAD' }).answer
    t.strictSame([status, body], [200, ''], path)
  }
})

t.test('a head that is too large is refused', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const { admin } = scene.activator.ports
  const { status } = await send(admin, { path: '/status', headers: { large: 'x'.repeat(20_000) } }).answer
  t.equal(status, 431)
})

t.test('it takes only so many connections', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const { admin } = scene.activator.ports
  const sockets: Socket[] = []
  t.teardown(() => sockets.forEach((socket) => socket.destroy()))
  for (let i = 0; i < 64; i++) {
    const socket = connect(admin, '127.0.0.1')
    sockets.push(socket)
    await within('it is connected', once(socket, 'connect'))
  }
  const late = connect(admin, '127.0.0.1').on('error', () => {})
  await within('one more is closed', once(late, 'close'))
  const closed = once(sockets[0], 'close')
  sockets[0].end('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n').resume()
  await within('one of them is answered', closed)
  t.equal((await send(admin, { path: '/healthz' }).answer).status, 200, 'there is room again')
})

t.test('on loopback it answers only under names that nobody else can give us', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const { admin } = scene.activator.ports
  for (const host of [
    '127.0.0.1',
    `127.0.0.1:${admin}`,
    '[::1]:8081',
    'localhost:1',
    'LOCALHOST',
    'x.localhost',
  ])
    t.equal((await send(admin, { path: '/status', headers: { host } }).answer).status, 200, host)
  for (const host of [
    'evil.example',
    'localhost.evil.example:80',
    'xlocalhost',
    '127.0.0.1.nip.io',
    '[evil]',
  ]) {
    const { status, body } = await send(admin, { path: '/status', headers: { host } }).answer
    t.equal(status, 403, host)
    t.match(JSON.parse(body), { message: /ACTIVATOR_ADMIN_HOST opens it to others$/ })
  }
})

t.test('who opens it to others has it under every name', async (t) => {
  const scene = await Scene.start(t, { env: { ...ADMIN, ACTIVATOR_ADMIN_HOST: '0.0.0.0' } })
  const { admin } = scene.activator.ports
  const { status } = await send(admin, { path: '/status', headers: { host: 'activator.knative-serving' } })
    .answer
  t.equal(status, 200)
})

t.test('a page that is switched off is not there', async (t) => {
  const scene = await Scene.start(t, { env: { ...ADMIN, ACTIVATOR_ADMIN_PAGE: 'false' } })
  const { admin } = scene.activator.ports
  const { status, body } = await send(admin).answer
  t.strictSame(
    [status, JSON.parse(body)],
    [404, { message: 'the page is switched off by ACTIVATOR_ADMIN_PAGE' }],
  )
  t.equal((await send(admin, { path: '/status' }).answer).status, 200)
})
