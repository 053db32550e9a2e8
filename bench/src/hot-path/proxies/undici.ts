/** `node:http` in front, undici's cheapest client interface (`Pool.dispatch`) behind. It only forwards. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool, type Dispatcher } from 'undici'
import { announce, originPort } from '../announce.ts'

// not `import http from 'node:http'`: on Node 22 and later its ESM facade loads all of Node's own undici, +10 MB
const http = process.getBuiltinModule('node:http')
const pool = new Pool(`http://127.0.0.1:${originPort()}`, {
  pipelining: 1,
  connections: null,
  allowH2: false,
})
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
])

function endToEnd(headers: NodeJS.Dict<string | string[]>): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {}
  for (const name in headers) if (!hopByHop.has(name)) kept[name] = headers[name]!
  return kept
}

class Forward implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse
  #controller: Dispatcher.DispatchController | null = null

  constructor(response: ServerResponse) {
    this.#response = response
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: NodeJS.Dict<string | string[]>,
  ): void {
    this.#response.writeHead(status, endToEnd(headers))
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#response.write(bytes)) return
    controller.pause()
    this.#response.once('drain', () => this.#controller!.resume())
  }

  onResponseEnd(): void {
    this.#response.end()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#response.headersSent) this.#response.destroy(error)
    else this.#response.writeHead(502).end()
  }
}

const server = http.createServer((request: IncomingMessage, response: ServerResponse) => {
  const hasBody =
    request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
  const options = {
    path: request.url!,
    method: request.method as Dispatcher.HttpMethod,
    headers: endToEnd(request.headers),
    body: hasBody ? request : null,
  }
  pool.dispatch(options, new Forward(response))
})
server.keepAliveTimeout = 0
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  void announce((server.address() as AddressInfo).port)
})
