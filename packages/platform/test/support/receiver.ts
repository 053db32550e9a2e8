import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { until } from './within.ts'

const http = process.getBuiltinModule('node:http')

/** A call at a {@link Receiver}, which the test answers. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly contentType: string
  readonly body: unknown
  /** Whether the caller has gone. */
  readonly isGone: () => boolean
  answer(status: number, headers?: Readonly<Record<string, string>>): void
}

/** A server that keeps what it is sent as JSON. */
export class Receiver {
  readonly url: string
  readonly received: Received[] = []

  private constructor(url: string) {
    this.url = url
  }

  static async start(t: Test): Promise<Receiver> {
    const server = http.createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => {
      server.close()
      server.closeAllConnections()
    })
    const receiver = new Receiver(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    server.on('request', (request, response) => {
      let text = ''
      let isGone = false
      response.on('close', () => (isGone = !response.writableFinished))
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      request.on('end', () =>
        receiver.received.push({
          method: request.method!,
          path: request.url!,
          contentType: request.headers['content-type']!,
          body: JSON.parse(text),
          isGone: () => isGone,
          answer: (status, headers = {}) => void response.writeHead(status, headers).end('thanks'),
        }),
      )
    })
    return receiver
  }

  /** The `count`-th call, counted from 1. */
  async receives(count: number): Promise<Received> {
    await until(`call ${count} arrives`, () => this.received.length >= count)
    return this.received[count - 1]
  }
}
