import type * as Http from 'node:http'
import http2, { type Http2ServerRequest, type Http2ServerResponse, type Http2Session } from 'node:http2'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'
export { freePort } from './free-port.ts'

/** How long a test waits for anything before it fails by name, ms. */
const PATIENCE_MS = 10_000

/** `promise`, or a failure that says what did not happen. */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not happen in ${PATIENCE_MS} ms: ${what}`)), PATIENCE_MS)
  })
  return Promise.race([promise, tooLate]).finally(() => clearTimeout(timer))
}

/** Listens on 127.0.0.1, on `port` or any, until the test ends. Returns the port. */
export async function listen(t: Test, server: Server, port = 0): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  await within(
    'the app listens',
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: '127.0.0.1', port }, resolve)
    }),
  )
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** An HTTP/1.1 app. */
export function http1App(handler: Http.RequestListener): Server {
  return process.getBuiltinModule('node:http').createServer(handler)
}

/** Starts an HTTP/1.1 app. Returns its port. */
export function startHttp1(t: Test, handler: Http.RequestListener, port = 0): Promise<number> {
  return listen(t, http1App(handler), port)
}

/** Starts an app that speaks HTTP/2 only. Returns its port. */
export function startH2(
  t: Test,
  handler: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
): Promise<number> {
  const server = http2.createServer(handler)
  server.on('session', (session: Http2Session) => {
    session.on('error', () => {})
    t.teardown(() => session.destroy())
  })
  return listen(t, server)
}

/** Starts an app that answers each connection with these bytes once something came, whatever it was. Returns its port. */
export function startRaw(t: Test, onFirst: (socket: Socket) => void): Promise<number> {
  return listen(
    t,
    createServer((socket) => socket.once('data', () => onFirst(socket))),
  )
}

/** Starts an app that accepts and never answers. */
export function startSilent(t: Test): Promise<number> {
  return startRaw(t, () => {})
}
