import * as grpc from '@grpc/grpc-js'
import type { Test } from 'tap'

const bytes = (value: Buffer): Buffer => value

/** A method without a proto file: messages are the bytes themselves. */
function method(name: string, responseStream: boolean): grpc.MethodDefinition<Buffer, Buffer> {
  return {
    path: `/test.Echo/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  }
}

const UNARY = method('Unary', false)
const COUNT = method('Count', true)

/** Starts a server with a method that says what it is told, and one that counts down. Resolves with its port; it ends with the test. */
export async function startGrpcApp(t: Test): Promise<number> {
  const server = new grpc.Server()
  server.addService(
    { unary: UNARY, count: COUNT },
    {
      unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
        const trailer = new grpc.Metadata()
        trailer.set('x-trailer', 'last')
        callback(null, call.request, trailer)
      },
      count: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
        for (let left = Number(call.request.toString()); left > 0; left--) call.write(Buffer.from(`${left}`))
        call.end()
      },
    },
  )
  t.teardown(() => server.forceShutdown())
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    )
  })
}

/** A client of {@link startGrpcApp} that reaches it by this host through a proxy on `port`. */
export class GrpcClient {
  readonly #client: grpc.Client

  constructor(t: Test, port: number, host: string) {
    this.#client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      'grpc.default_authority': host,
      'grpc.enable_retries': 0,
    })
    t.teardown(() => this.#client.close())
  }

  /** Sends a text. Resolves with the answer and the trailer. */
  unary(text: string): Promise<{ text: string; trailer: unknown }> {
    return new Promise((resolve, reject) => {
      let answer = ''
      const call = this.#client.makeUnaryRequest(
        UNARY.path,
        bytes,
        bytes,
        Buffer.from(text),
        (error, value) => {
          if (error === null) answer = value!.toString()
          else reject(error)
        },
      )
      call.on('status', ({ metadata }) => resolve({ text: answer, trailer: metadata.get('x-trailer')[0] }))
    })
  }

  /** Has it count down. Resolves with the messages when the stream ended well. */
  count(from: number): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const messages: string[] = []
      const call = this.#client.makeServerStreamRequest(COUNT.path, bytes, bytes, Buffer.from(`${from}`))
      call.on('data', (message: Buffer) => messages.push(message.toString()))
      call.on('error', reject)
      call.on('end', () => resolve(messages))
    })
  }
}
