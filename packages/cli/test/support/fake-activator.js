// Speaks to the command as the activator does: IPC messages and an admin port. FAKE says how it behaves.
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

const { env } = process
const fake = JSON.parse(env.FAKE ?? '{}')
const tell = (message) => new Promise((resolve) => process.send(message, resolve))

if (fake.ends !== undefined) process.exit(fake.ends)
if (fake.fails !== undefined) {
  process.stderr.write(`${fake.fails}\n`)
  await tell({ type: 'failed', message: fake.fails })
  process.exit(1)
}

const manifests = env.ACTIVATOR_MANIFESTS.split(':')
const input = manifests.includes('-') ? await text(process.stdin) : ''
const coldStart = {
  id: '1',
  namespace: 'default',
  revision: 'hello-00001',
  instance: 'hello-00001-x7k2p',
  requestId: 'abc',
  startedAt: '2026-07-01T10:00:00.000Z',
  steps: {
    queued: 0,
    woken: 1,
    scheduled: 2,
    'process-started': 60,
    listening: 860,
    ready: 900,
    dispatched: 902,
    'first-byte': 950,
  },
  totalMs: 950,
  requests: 2,
  outcome: 'served',
  reason: '',
}
const revision = {
  namespace: 'default',
  name: 'hello-00001',
  service: 'hello',
  state: 'zero',
  trouble: '',
  routes: [{ host: 'hello.default.localhost', percent: 100, tag: '' }],
  containerConcurrency: 0,
  wanted: 0,
  isPanicking: false,
  instances: [],
  held: 0,
  heldBytes: 0,
  oldestHeldMs: 0,
  running: 0,
  requestsPerSecond: 0,
  errorsPerSecond: 0,
  latency: null,
  lastColdStart: null,
}
const instance = {
  name: 'hello-00001-x7k2p',
  address: '127.0.0.1:40000',
  state: 'ready',
  running: 1,
  slots: 0,
  ageMs: 5000,
}
const report = (revisions) => ({
  version: 1,
  at: '2026-07-01T10:00:00.000Z',
  activator: {
    version: '0',
    pid: process.pid,
    platform: 'local',
    startedAt: '2026-07-01T10:00:00.000Z',
    isReady: true,
    isConnected: true,
    rssBytes: 0,
    eventLoopDelay: { p50: 0, p99: 0, max: 0 },
    held: 0,
    heldBytes: 0,
    running: 0,
  },
  revisions,
  coldStarts: [],
})
const scaled = {
  ...revision,
  state: 'ready',
  wanted: 1,
  instances: [instance],
  running: 1,
  lastColdStart: coldStart,
}

const server = createServer((request, response) => {
  const json = (value, status = 200) => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
  }
  switch (request.url) {
    case '/status':
      return json(report([revision]))
    case '/cold-starts/last':
      return json(coldStart)
    case '/requests/abc':
      return json({
        requestId: 'abc',
        coldStart,
        arrivedMs: 0,
        dispatchedMs: 902,
        firstByteMs: 950,
        doneMs: 960,
        status: 200,
        instance: instance.name,
      })
    case '/events': {
      const event = (name, value) => response.write(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`)
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      event('status', report([revision]))
      event('status', report([scaled]))
      event('cold-start', coldStart)
      if (fake.hangsUp) response.end()
      return undefined
    }
    default:
      return json({ message: 'nothing is known of it' }, 404)
  }
})

process.on('SIGTERM', () => {
  process.stdout.write('got SIGTERM\n')
  if (!fake.ignoresTerm) process.exit(fake.exit ?? 0)
})
process.on('disconnect', () => process.exit(1))
server.listen(Number(env.ACTIVATOR_ADMIN_PORT), '127.0.0.1', async () => {
  const { port } = server.address()
  process.stdout.write(`pid ${process.pid}\n`)
  const told = Object.entries(env).filter(([name]) => name.startsWith('ACTIVATOR_'))
  process.stdout.write(`told ${JSON.stringify({ ...Object.fromEntries(told), input })}\n`)
  process.stdout.write('[hello-00001-x7k2p] \u001b[31mred\u001b[0m \u001b[2J over\n')
  process.stderr.write('{"severity":"WARNING","message":"take care","logger":"activator","file":"a.yaml"}\n')
  await tell({ type: 'ready', ports: { http1: 8080, h2c: 8081, admin: port } })
  if (fake.dies !== undefined) process.exit(fake.dies)
})
