import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { ENVIRONMENT, startApp } from './support/scene.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')
const PATIENCE_MS = 20_000

/** A queue-proxy that another process starts, with pipes as standard input and as file descriptor 3. */
function start(t: Test, environment: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn(process.execPath, ['--conditions=@pilotlight/source', MAIN], {
    env: { ...ENVIRONMENT, QUEUE_HOST: '127.0.0.1', ...environment },
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** What it says on file descriptor 3, line by line, until it is closed. */
async function told(child: ChildProcess): Promise<Record<string, unknown>[]> {
  const said = await text(child.stdio[3] as Readable)
  return said
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** Its ports, once it has told all of them and that its app is ready. */
async function toldPorts(child: ChildProcess): Promise<Record<string, number>> {
  const lines = await told(child)
  return Object.assign({}, ...lines.filter((line) => !('ready' in line))) as Record<string, number>
}

async function ended(child: ChildProcess): Promise<unknown> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode ?? child.signalCode
}

t.test('it tells its ports once they are open, and on which address they are', async (t) => {
  const app = await startApp(t, (_, response) => response.end('hello'))
  const child = start(t, { QUEUE_PORTS_FD: '3', USER_PORT: String(app.port) })
  const ports = await toldPorts(child)
  t.strictSame(Object.keys(ports).toSorted(), ['admin', 'autoscaling', 'main'])
  const answer = await fetch(`http://127.0.0.1:${ports['main']}/`)
  t.equal(await answer.text(), 'hello')

  // Which of these a system has differs; every one has some of them.
  for (const address of ['::1', '127.0.0.2'])
    for (const port of Object.values(ports))
      await t.rejects(once(connect(port, address), 'connect'), `${address}:${port} is not open`)
})

t.test('it tells when its app is ready, and since when', async (t) => {
  const app = await startApp(t, (_, response) => response.end('hello'))
  const child = start(t, {
    QUEUE_PORTS_FD: '3',
    USER_PORT: String(app.port),
    SERVING_READINESS_PROBE: JSON.stringify({ tcpSocket: { host: '127.0.0.1', port: app.port } }),
  })
  const lines = await told(child)
  t.strictSame(Object.keys(lines[0]), ['main'], 'the port for requests comes first')
  t.match(
    lines.find((line) => 'ready' in line),
    { ready: true, listeningMs: Number, readyMs: Number },
  )
})

t.test(
  'told to end in the first request, which may be before its other ports are open, it loses none',
  async (t) => {
    const app = await startApp(t, (_, response) => {
      child.kill('SIGTERM')
      response.end('hello')
    })
    const child = start(t, {
      QUEUE_PORTS_FD: '3',
      USER_PORT: String(app.port),
      SERVING_READINESS_PROBE: JSON.stringify({ tcpSocket: { host: '127.0.0.1', port: app.port } }),
    })
    const [line] = (await once((child.stdio[3] as Readable).setEncoding('utf8'), 'data')) as [string]
    const { main } = JSON.parse(line.split('\n')[0]) as { main: number }
    const answer = await fetch(`http://127.0.0.1:${main}/`)
    t.equal(await answer.text(), 'hello')
    t.equal(await ended(child), 0)
  },
)

t.test('it ends at once when its standard input ends, though it serves', async (t) => {
  const app = await startApp(t, () => {})
  const child = start(t, {
    QUEUE_PORTS_FD: '3',
    QUEUE_LIFELINE: 'stdin',
    QUEUE_DRAIN_SECONDS: '600',
    USER_PORT: String(app.port),
  })
  const ports = await toldPorts(child)
  const reached = once(app.server, 'request')
  const request = fetch(`http://127.0.0.1:${ports['main']}/`)
  request.catch(() => {})
  await reached
  const input = child.stdin as Writable
  input.write('what is written there is not looked at\n')
  input.end()
  t.equal(await ended(child), 1)
  await t.rejects(request)
})

t.test('without a lifeline the end of its input means nothing', async (t) => {
  const child = start(t, { QUEUE_PORTS_FD: '3' })
  child.stdin!.end()
  await toldPorts(child)
  child.kill('SIGTERM')
  t.equal(await ended(child), 0)
})

t.test('a lifeline does not keep it from ending', async (t) => {
  const child = start(t, { QUEUE_PORTS_FD: '3', QUEUE_LIFELINE: 'stdin' })
  await toldPorts(child)
  child.kill('SIGTERM')
  t.equal(await ended(child), 0)
})

t.test('it does not start when nobody can be told', async (t) => {
  const child = start(t, { QUEUE_PORTS_FD: '1', SERVING_LOGGING_LEVEL: 'error' })
  t.match(await text(child.stderr!), /QUEUE_PORTS_FD is "1"/)
  t.equal(await ended(child), 1)

  const unheard = start(t, { QUEUE_PORTS_FD: '900', SERVING_LOGGING_LEVEL: 'error' })
  t.match(await text(unheard.stderr!), /QUEUE_PORTS_FD is 900: the ports cannot be written there/)
  t.equal(await ended(unheard), 1)
})
