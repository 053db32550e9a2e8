import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'
import { until } from './within.ts'

const http = process.getBuiltinModule('node:http')

/** A request at a {@link ScriptedSidecar}, which the test answers. */
export interface Arrived {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: Promise<string>
}

type Serve = (arrived: Arrived) => void

/**
 * An instance on a real socket that answers probes as a sidecar does and leaves requests to the test. The real sidecar stands in its place
 * in the tests that cross packages; this one refuses, dies and keeps silent on demand.
 */
export class ScriptedSidecar {
  /** What arrived and is no probe, in order. */
  readonly arrived: Arrived[] = []
  /** Whether its app is ready. */
  isReady = true
  /** Whether it waits when a probe asks it to, as ours does. */
  waits = true
  /** What it says in Pilotlight-Ages once its app is ready; empty says nothing. */
  ages = ''
  probes = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #waiting: ServerResponse[] = []
  #serve: Serve | null

  private constructor(server: Server, serve: Serve | null) {
    this.#server = server
    this.#serve = serve
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.on('request', (request, response) => this.#onRequest(request, response))
  }

  static async start(t: Test, serve: Serve | null = answering('ok'), port = 0): Promise<ScriptedSidecar> {
    const server = http.createServer({ keepAliveTimeout: 0 })
    const sidecar = new ScriptedSidecar(server, serve)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => sidecar.dies())
    return sidecar
  }

  get port(): number {
    return this.#port
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers['user-agent'] === 'Knative-Activator-Probe') return this.#onProbe(request, response)
    const body = new Promise<string>((resolve) => {
      let text = ''
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      request.on('end', () => resolve(text))
      request.on('error', () => resolve(text))
    })
    const arrived = { request, response, body }
    this.arrived.push(arrived)
    this.#serve?.(arrived)
  }

  #onProbe(request: IncomingMessage, response: ServerResponse): void {
    this.probes++
    if (this.waits && request.headers.prefer !== undefined) response.setHeader('Preference-Applied', 'wait')
    if (this.isReady) return this.#answerReady(response)
    if (this.waits) return void this.#waiting.push(response)
    response.writeHead(503).end()
  }

  /** Its app becomes ready: probes that wait are answered. */
  becomesReady(): void {
    this.isReady = true
    for (const response of this.#waiting.splice(0)) this.#answerReady(response)
  }

  #answerReady(response: ServerResponse): void {
    if (this.ages !== '') response.setHeader('Pilotlight-Ages', this.ages)
    response.end('queue')
  }

  /** Upgrades connections that ask for it, and says nothing on them. */
  upgrades(): void {
    this.#server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n')
      socket.on('end', () => socket.end())
      socket.on('error', () => {})
      socket.resume()
    })
  }

  /** The `count`-th request, counted from 1. */
  async receives(count = 1): Promise<Arrived> {
    await until(`request ${count} arrives at the instance`, () => this.arrived.length >= count)
    return this.arrived[count - 1]
  }

  get #port(): number {
    return (this.#lastPort ??= (this.#server.address() as AddressInfo).port)
  }
  #lastPort: number | null = null

  /** Refuses connections from now on, and closes those that are open. */
  async dies(): Promise<void> {
    this.#lastPort ??= (this.#server.address() as AddressInfo | null)?.port ?? null
    const closed = this.#server.listening ? once(this.#server, 'close') : Promise.resolve()
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

/** Answers everything with this text. */
export function answering(text: string): Serve {
  return ({ request, response }) => {
    request.resume()
    response.end(text)
  }
}
