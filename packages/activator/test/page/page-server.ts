import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { ColdStartRecord, StatusReport } from '@pilotlight/telemetry'
import type { Test } from 'tap'

const folder = join(import.meta.dirname, '../../src/admin/page')
const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
}
const security = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
}

/** Serves the page as the admin port does, and tells it what a test wants. */
export class PageServer {
  readonly #server: Server
  readonly #streams = new Set<ServerResponse>()
  #report: StatusReport
  #hasEvents = true

  private constructor(server: Server, report: StatusReport) {
    this.#server = server
    this.#report = report
    server.on('request', (request, response) => void this.#answer(request, response))
  }

  static async start(t: Test, report: StatusReport): Promise<PageServer> {
    const server = createServer()
    const made = new PageServer(server, report)
    await made.listen(0)
    t.teardown(() => made.stop())
    return made
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`
  }

  /** How many pages listen to events. */
  get listeners(): number {
    return this.#streams.size
  }

  /** Opens the port, again after {@link stop}. */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, '127.0.0.1', () => resolve())
    })
  }

  /** Cuts every connection and closes the port. */
  async stop(): Promise<void> {
    this.#streams.clear()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  /** From now on `/events` is 503: only `/status` answers. */
  refuseEvents(): void {
    this.#hasEvents = false
    for (const stream of this.#streams) stream.destroy()
    this.#streams.clear()
  }

  /** Changes what `/status` says, and sends it as an event. */
  show(report: StatusReport): void {
    this.#report = report
    this.sendRaw('status', JSON.stringify(report))
  }

  coldStart(record: ColdStartRecord): void {
    this.sendRaw('cold-start', JSON.stringify(record))
  }

  sendRaw(event: string, data: string): void {
    for (const stream of this.#streams) stream.write(`event: ${event}\ndata: ${data}\n\n`)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://page').pathname
    if (path === '/status') return this.#send(response, 200, 'application/json', JSON.stringify(this.#report))
    if (path === '/events') return this.#events(response)
    const name = path === '/' ? 'index.html' : path.slice(1)
    const type = /^[\w-]+\.(?<ending>\w+)$/.exec(name)?.groups?.['ending'] ?? ''
    try {
      if (types[type] === undefined) throw new Error(`no such file: ${name}`)
      this.#send(response, 200, types[type], await readFile(join(folder, name)))
    } catch {
      this.#send(response, 404, 'text/plain', 'not found')
    }
  }

  #events(response: ServerResponse): void {
    if (!this.#hasEvents) return this.#send(response, 503, 'text/plain', 'no events')
    response.writeHead(200, { ...security, 'content-type': 'text/event-stream' })
    response.write(`event: status\ndata: ${JSON.stringify(this.#report)}\n\n`)
    this.#streams.add(response)
    response.on('close', () => this.#streams.delete(response))
  }

  #send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
    response.writeHead(status, { ...security, 'content-type': type }).end(body)
  }
}
