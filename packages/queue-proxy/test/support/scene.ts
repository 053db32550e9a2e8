import { once } from 'node:events'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createLogger } from '@pilotlight/telemetry'
import type { Test } from 'tap'
import { build } from '../../src/build.ts'
import { readSettings } from '../../src/settings.ts'
import type { Sidecar } from '../../src/sidecar.ts'
export { freePort } from '../../../../test/support/free-port.ts'

const http = process.getBuiltinModule('node:http')

/** The least a queue-proxy has to be told, with every port free. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  CONTAINER_CONCURRENCY: '0',
  QUEUE_SERVING_PORT: '0',
  QUEUE_SERVING_TLS_PORT: '0',
  USER_PORT: '1',
  REVISION_TIMEOUT_SECONDS: '300',
  SERVING_LOGGING_CONFIG: '',
  SERVING_LOGGING_LEVEL: 'fatal',
  SERVING_NAMESPACE: 'default',
  SERVING_CONFIGURATION: 'hello',
  SERVING_REVISION: 'hello-00001',
  SERVING_POD: 'hello-00001-pod',
  SERVING_POD_IP: '10.1.2.3',
  QUEUE_ADMIN_PORT: '0',
  QUEUE_METRICS_PORT: '0',
  METRICS_PROMETHEUS_PORT: '0',
  PROFILING_PORT: '0',
  QUEUE_DRAIN_SECONDS: '0',
}

/** An app on loopback that answers as the test says. */
export async function startApp(
  t: Test,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ port: number; server: Server }> {
  const server = http.createServer({ keepAliveTimeout: 0 }, onRequest)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, server }
}

/** A queue-proxy before the app on `appPort`, in this process, with only its main port open. */
export async function startMain(
  t: Test,
  appPort: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<Sidecar> {
  const { settings, problems } = readSettings({ ...ENVIRONMENT, USER_PORT: String(appPort), ...environment })
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const log = createLogger({ config: '', level: 'fatal', name: 'test', fields: {} })
  const sidecar = await build(settings, log)
  t.teardown(() => sidecar.destroy())
  return sidecar
}

/** A queue-proxy before the app on `appPort`, in this process. */
export async function startSidecar(
  t: Test,
  appPort: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<Sidecar> {
  const sidecar = await startMain(t, appPort, environment)
  await sidecar.openServices()
  return sidecar
}

/** An answer, its body read. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** A request under way. */
export interface Pending {
  readonly answer: Promise<Answer>
  /** Leaves without waiting for the answer. */
  leave(): void
}

/** Sends a request on a connection of its own. */
export function send(
  port: number,
  options: { path?: string; method?: string; headers?: Record<string, string>; body?: string } = {},
): Pending {
  const request = http.request({
    host: '127.0.0.1',
    port,
    path: options.path ?? '/',
    method: options.method ?? 'GET',
    headers: options.headers ?? {},
    agent: false,
  })
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      let body = ''
      response.setEncoding('latin1')
      response.on('data', (text: string) => (body += text))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
  })
  // Whoever leaves does not look at the answer.
  answer.catch(() => {})
  request.end(options.body)
  return { answer, leave: () => request.destroy() }
}

/** Sends a request and reads its answer. */
export function fetchFrom(port: number, options?: Parameters<typeof send>[1]): Promise<Answer> {
  return send(port, options).answer
}

/** Things that happen in order, and can be awaited. */
export class Arrivals<T> {
  readonly #arrived: T[] = []
  readonly #waiting: ((one: T) => void)[] = []

  push(one: T): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#arrived.push(one)
    else next(one)
  }

  /** The next one, now or when it comes. */
  next(): Promise<T> {
    const one = this.#arrived.shift()
    return one === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(one)
  }

  /** How many have come and were not taken. */
  get count(): number {
    return this.#arrived.length
  }
}

/** An app whose requests the test answers one by one. */
export async function startHeldApp(t: Test): Promise<{
  port: number
  requests: Arrivals<{ request: IncomingMessage; response: ServerResponse }>
}> {
  const requests = new Arrivals<{ request: IncomingMessage; response: ServerResponse }>()
  const { port } = await startApp(t, (request, response) => requests.push({ request, response }))
  return { port, requests }
}

/** A raw connection with what came on it so far. */
export async function connectRaw(t: Test, port: number): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (more: string) => (text += more))
  socket.on('error', () => {})
  return { socket, received: () => text }
}
