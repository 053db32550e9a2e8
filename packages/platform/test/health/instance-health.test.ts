import * as grpc from '@grpc/grpc-js'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type * as Http from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { freePort, listen, WatchedHealth } from '../support/health-events.ts'
import { containerOf, probeOf } from '../support/health-scene.ts'
import { within } from '../support/within.ts'

const http = process.getBuiltinModule('node:http')
const tcp = { kind: 'tcpSocket', host: '', port: '0' } as const
const often = { periodMs: 10, timeoutMs: 9000 }

/** A stand-in for a sidecar: keeps questions until it is told what its app is. */
class Sidecar {
  readonly questions: Http.IncomingHttpHeaders[] = []
  address = ''
  #isReady = false
  readonly #waiting = new Set<Http.ServerResponse>()

  static async start(t: Test): Promise<Sidecar> {
    const sidecar = new Sidecar()
    const server = http.createServer((request, response) => sidecar.#onQuestion(request, response))
    t.teardown(() => server.closeAllConnections())
    sidecar.address = `127.0.0.1:${await listen(t, server)}`
    return sidecar
  }

  turns(isReady: boolean): void {
    this.#isReady = isReady
    if (!isReady) return
    for (const response of this.#waiting) response.end('queue')
    this.#waiting.clear()
  }

  #onQuestion({ headers, url }: Http.IncomingMessage, response: Http.ServerResponse): void {
    this.questions.push({ ...headers, url })
    if (this.#isReady) response.end('queue')
    else if (headers['prefer'] === undefined) response.writeHead(503).end()
    else this.#waiting.add(response)
  }
}

/** A file that is there or not, and a command that succeeds when it is. */
function fileCheck(t: Test): {
  action: { kind: 'exec-command'; command: string[] }
  appears: () => void
  goes: () => void
} {
  const folder = mkdtempSync(join(tmpdir(), 'health-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'ready')
  const command = ['sh', '-c', `test -e '${file}' || { echo 'no file'; exit 3; }`]
  return {
    action: { kind: 'exec-command', command },
    appears: () => writeFileSync(file, ''),
    goes: () => rmSync(file),
  }
}

t.test('the sidecar is asked to answer once the app is ready, then every period', async (t) => {
  const sidecar = await Sidecar.start(t)
  const readiness = probeOf({ action: tcp, ...often, failureThreshold: 2 })
  const watched = new WatchedHealth(t, { containers: [containerOf({ readiness })] })
  watched.health.onSidecar(sidecar.address)
  setImmediate(() => sidecar.turns(true))
  t.equal(await watched.at(0), 'ready')
  const [first] = sidecar.questions
  t.match(first, { 'k-network-probe': 'queue', prefer: 'wait=60', url: '/' })
  t.match(first['user-agent'], /^kube-probe\//)
  sidecar.turns(false)
  const reason = 'its queue-proxy says that it is not: HTTP probe did not respond Ready, got status code: 503'
  t.equal(await watched.at(1), `not ready: container app: ${reason}`)
  const asked = sidecar.questions.length
  t.equal(
    sidecar.questions.filter(({ prefer }) => prefer !== undefined).length,
    1,
    'and it is not waited for',
  )
  t.ok(asked >= 3, 'twice in vain')
  sidecar.turns(true)
  t.equal(await watched.at(2), 'ready')
})

t.test('a sidecar that goes is one that is not ready', async (t) => {
  const server = http.createServer((_, response) => response.end('queue'))
  const address = `127.0.0.1:${await listen(t, server)}`
  const readiness = probeOf({ action: tcp, ...often, failureThreshold: 1 })
  const watched = new WatchedHealth(t, { containers: [containerOf({ readiness })] })
  watched.health.onSidecar(address)
  t.equal(await watched.at(0), 'ready')
  server.close()
  server.closeAllConnections()
  // The end of the listener can meet a question that it had taken.
  t.match(await watched.at(1), /^not ready: container app: its queue-proxy says that it is not: Get "http:.*/)
})

t.test('a startup probe comes first, then commands and the other container have a say', async (t) => {
  const sidecar = await Sidecar.start(t)
  sidecar.turns(true)
  const [startup, readiness, side] = [fileCheck(t), fileCheck(t), await freePort()]
  const watched = new WatchedHealth(t, {
    containers: [
      containerOf({
        startup: probeOf({ action: startup.action, ...often, failureThreshold: 10_000 }),
        readiness: probeOf({ action: readiness.action, ...often }),
      }),
      containerOf({ name: 'side', readiness: probeOf({ action: { ...tcp, port: String(side) }, ...often }) }),
    ],
  })
  watched.health.onSidecar(sidecar.address)
  const server = createServer((socket) => socket.destroy())
  t.teardown(() => server.close())
  await new Promise<void>((resolve) => server.listen(side, '127.0.0.1', resolve))
  readiness.appears()
  t.strictSame(sidecar.questions, [], 'readiness waits for the startup probe')
  startup.appears()
  t.equal(await watched.at(0), 'ready')
  readiness.goes()
  t.equal(
    await watched.at(1),
    'not ready: container app: its readiness probe failed 3 times: exit code 3: no file',
  )
  readiness.appears()
  t.equal(await watched.at(2), 'ready')
  server.close()
  const refused = `dial tcp 127.0.0.1:${side}: connect: connection refused`
  t.equal(await watched.at(3), `not ready: container side: its readiness probe failed 3 times: ${refused}`)
})

t.test('a startup probe that gives up has the container restarted', async (t) => {
  const { action } = fileCheck(t)
  const startup = probeOf({ action, ...often, failureThreshold: 2 })
  const watched = new WatchedHealth(t, { containers: [containerOf({ startup })] })
  t.equal(await watched.at(0), 'app: its startup probe failed 2 times: exit code 3: no file')
})

t.test('a command that does not end in time has failed, and so has one that cannot be run', async (t) => {
  const slow = probeOf({
    action: { kind: 'exec-command', command: ['sleep', '60'] },
    ...often,
    timeoutMs: 50,
    failureThreshold: 1,
  })
  const watched = new WatchedHealth(t, { containers: [containerOf({ liveness: slow })] })
  t.match(await watched.at(0), /^app: its liveness probe failed once: too late/)
  const broken = new WatchedHealth(t, {
    containers: [containerOf({ liveness: slow })],
    exec: () => Promise.reject(new Error('no more processes')),
  })
  t.equal(
    await broken.at(0),
    'app: its liveness probe failed once: the command could not be run: no more processes',
  )
})

t.test('liveness by TCP, on the port of the app', async (t) => {
  const server = createServer((socket) => socket.destroy())
  const asked = once(server, 'connection')
  const appPort = await listen(t, server)
  const watched = new WatchedHealth(t, {
    containers: [containerOf({ liveness: probeOf({ action: tcp, ...often, failureThreshold: 2 }) })],
    appPort,
  })
  await within('it is asked', asked)
  t.strictSame(watched.told, [])
  server.close()
  const refused = `dial tcp 127.0.0.1:${appPort}: connect: connection refused`
  t.equal(await watched.at(0), `app: its liveness probe failed 2 times: ${refused}`)
})

t.test('liveness by HTTP', async (t) => {
  let count = 0
  const server = http.createServer(({ headers, url }, response) => {
    const isAsIs = url === '/live?a' && headers['a'] === 'b' && headers.host === `127.0.0.1:${appPort}`
    response.writeHead(isAsIs && ++count < 5 ? 204 : 500).end()
  })
  t.teardown(() => server.closeAllConnections())
  const appPort: number = await listen(t, server)
  const watched = new WatchedHealth(t, {
    containers: [
      containerOf({
        liveness: probeOf({
          action: {
            kind: 'httpGet',
            scheme: 'HTTP',
            host: '',
            port: '0',
            path: 'live?a',
            headers: [{ name: 'A', value: 'b' }],
          },
          ...often,
        }),
      }),
    ],
    appPort,
  })
  const status = 'HTTP probe did not respond Ready, got status code: 500'
  t.equal(await watched.at(0), `app: its liveness probe failed 3 times: ${status}`)
  t.equal(count, 7, 'four were good')
})

t.test('liveness by gRPC', async (t) => {
  let status = 1
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>()
  const server = new grpc.Server()
  const bytes = (value: Buffer): Buffer => value
  const check = {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  }
  server.addService(
    { check },
    {
      check: (_: unknown, callback: grpc.sendUnaryData<Buffer>) => {
        callback(null, Buffer.from([8, status]))
        onAsked()
      },
    },
  )
  t.teardown(() => server.forceShutdown())
  const appPort = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  )
  const liveness = probeOf({ action: { kind: 'grpc', port: 0, service: '' }, ...often, failureThreshold: 1 })
  const watched = new WatchedHealth(t, { containers: [containerOf({ liveness })], appPort })
  await within('it is asked', asked)
  t.strictSame(watched.told, [])
  status = 2
  t.equal(
    await watched.at(0),
    'app: its liveness probe failed once: service unhealthy (responded with "NOT_SERVING")',
  )
})

t.test('what is closed leaves nothing that keeps a process running', async (t) => {
  const sidecar = await Sidecar.start(t)
  sidecar.turns(true)
  const child = spawn(
    process.execPath,
    ['--conditions=@pilotlight/source', join(import.meta.dirname, 'closing-process.ts'), sidecar.address],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await within('it ends', once(child, 'close'))) as [number | null]
  t.equal(code, 0)
  t.equal(said, 'ready\n')
})
