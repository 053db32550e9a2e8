import * as grpc from '@grpc/grpc-js'
import type { Test } from './h2-harness.ts'

/** How messages are read and written: not at all. */
export const bytes = (value: Buffer): Buffer => value

/** A method without a proto file: messages are the bytes themselves. */
function method(
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): grpc.MethodDefinition<Buffer, Buffer> {
  return {
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  }
}

/** The methods of {@link startGrpcApp}. */
export const SERVICE = {
  unary: method('Unary', false, false),
  collect: method('Collect', true, false),
  count: method('Count', false, true),
  chat: method('Chat', true, true),
  fail: method('Fail', false, false),
  hang: method('Hang', true, true),
  slam: method('Slam', true, false),
  flood: method('Flood', false, true),
}

/** A running server. */
export interface GrpcApp {
  port: number
  /** Calls of `hang` that were cancelled. */
  cancelled: number
  hanging: number
  /** Messages that `flood` has written. */
  flooded: number
  /** Metadata of the last call. */
  metadata: grpc.Metadata | null
}

/** A gRPC server whose methods do what their names say. */
export async function startGrpcApp(t: Test): Promise<GrpcApp> {
  const app: GrpcApp = { port: 0, cancelled: 0, hanging: 0, flooded: 0, metadata: null }
  const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 })
  const implementation: grpc.UntypedServiceImplementation = {
    unary(call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) {
      app.metadata = call.metadata
      const head = new grpc.Metadata()
      head.set('x-head', 'first')
      head.set('x-head-bin', Buffer.from([0, 1, 255]))
      call.sendMetadata(head)
      const trailer = new grpc.Metadata()
      trailer.add('x-trailer', 'one')
      trailer.add('x-trailer', 'two')
      callback(null, call.request, trailer)
    },
    collect(call: grpc.ServerReadableStream<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) {
      const all: Buffer[] = []
      call.on('data', (message: Buffer) => all.push(message))
      call.on('end', () => callback(null, Buffer.concat(all)))
    },
    count(call: grpc.ServerWritableStream<Buffer, Buffer>) {
      let left = Number(call.request.toString())
      const more = (): void => {
        while (left > 0 && call.write(Buffer.from(String(left--)))) continue
        if (left > 0) call.once('drain', more)
        else call.end()
      }
      more()
    },
    chat(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
      call.on('data', (message: Buffer) => call.write(Buffer.from(message.toString().toUpperCase())))
      call.on('end', () => call.end())
    },
    fail(_call: unknown, callback: grpc.sendUnaryData<Buffer>) {
      const metadata = new grpc.Metadata()
      metadata.set('x-why', 'on purpose')
      callback({ code: grpc.status.FAILED_PRECONDITION, details: 'not now: 100 % "no"', metadata })
    },
    hang(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
      app.hanging++
      call.on('cancelled', () => app.cancelled++)
      call.on('error', () => {})
      call.on('data', () => {})
    },
    flood(call: grpc.ServerWritableStream<Buffer, Buffer>) {
      const total = Number(call.request.toString())
      const message = Buffer.alloc(16 * 1024)
      const more = (): void => {
        while (app.flooded < total) {
          app.flooded++
          if (!call.write(message)) return void call.once('drain', more)
        }
        call.end()
      }
      more()
    },
    slam(_call: grpc.ServerReadableStream<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) {
      callback({ code: grpc.status.RESOURCE_EXHAUSTED, details: 'enough' })
    },
  }
  server.addService(SERVICE, implementation)
  app.port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port)
      else reject(error)
    })
  })
  t.teardown(() => server.forceShutdown())
  return app
}
