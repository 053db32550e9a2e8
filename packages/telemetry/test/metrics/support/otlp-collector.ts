import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js'
import type { AddressInfo } from 'node:net'

const http = process.getBuiltinModule('node:http')

/** What came in one export. */
export interface Received {
  readonly path: string
  readonly contentType: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly bytes: Buffer
}

/** A stand-in for an OpenTelemetry collector: takes what it is sent, and answers as it is told. */
export class OtlpCollector {
  /** Where it listens. */
  readonly url: string
  readonly received: Received[] = []
  /** Whether exports fail. */
  isFailing = false
  readonly close: () => Promise<void>
  #waiting: (() => void)[] = []

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url
    this.close = close
  }

  /** Resolves when at least `count` exports came. */
  async exports(count: number): Promise<readonly Received[]> {
    while (this.received.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this.received
  }

  #receive(received: Received): void {
    this.received.push(received)
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  /** OTLP over HTTP. */
  static async http(): Promise<OtlpCollector> {
    const server = http.createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        collector.#receive({
          path: request.url!,
          contentType: request.headers['content-type'] ?? '',
          headers: request.headers,
          bytes: Buffer.concat(chunks),
        })
        // 400 is an error that exporters do not try again after.
        response
          .writeHead(collector.isFailing ? 400 : 200, { 'content-type': 'application/x-protobuf' })
          .end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const collector = new OtlpCollector(`http://127.0.0.1:${port}`, async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return collector
  }

  /** OTLP over gRPC. */
  static async grpc(): Promise<OtlpCollector> {
    const server = new Server()
    const bytes = (value: Buffer): Buffer => value
    for (const [name, path] of [
      ['trace', 'opentelemetry.proto.collector.trace.v1.TraceService'],
      ['metrics', 'opentelemetry.proto.collector.metrics.v1.MetricsService'],
    ]) {
      const definition = {
        Export: {
          path: `/${path}/Export`,
          requestStream: false as const,
          responseStream: false as const,
          requestSerialize: bytes,
          requestDeserialize: bytes,
          responseSerialize: bytes,
          responseDeserialize: bytes,
        },
      }
      const handle = (call: { request: Buffer; metadata: Metadata }, answer: Function): void => {
        const headers = call.metadata.getMap()
        collector.#receive({ path: name, contentType: 'application/grpc', headers, bytes: call.request })
        if (collector.isFailing) answer({ code: status.INVALID_ARGUMENT, details: 'no' })
        else answer(null, Buffer.alloc(0))
      }
      server.addService(definition, { Export: handle })
    }
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      )
    })
    const collector = new OtlpCollector(`http://127.0.0.1:${port}`, async () => server.forceShutdown())
    return collector
  }
}
