import * as grpc from '@grpc/grpc-js'
import http2, { type Http2Session, type ServerHttp2Stream } from 'node:http2'
import t, { type Test } from 'tap'
import type { ProbeAction } from '../src/probe-action.ts'
import { startProbe } from '../src/probe-run.ts'
import {
  freePort,
  listen,
  startHttp1,
  startRaw,
  startSilent,
  within,
} from '../../../test/support/probed-apps.ts'
import { FakeClock } from './support/fake-clock.ts'
import { attempt } from './support/probing.ts'

const probe = (port: number, service = ''): ProbeAction => ({ kind: 'grpc', port, service })
const bytes = (value: Buffer): Buffer => value

type Check = (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => void

/** A real gRPC server; without `check` it has no health service. */
async function startGrpc(t: Test, check: Check | null): Promise<number> {
  const server = new grpc.Server()
  const method = {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  }
  if (check !== null) server.addService({ check: method }, { check })
  t.teardown(() => server.forceShutdown())
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    )
  })
}

/** An HTTP/2 server that answers a call with whatever it likes. */
async function startStreams(t: Test, onStream: (stream: ServerHttp2Stream) => void): Promise<number> {
  const server = http2.createServer()
  server.on('session', (session: Http2Session) => {
    session.on('error', () => {})
    t.teardown(() => session.destroy())
  })
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {})
    onStream(stream)
  })
  return listen(t, server)
}

t.test('SERVING is ready, any other status is named', async (t) => {
  const seen: string[] = []
  const port = await startGrpc(t, (call, callback) => {
    const service = call.request.subarray(2).toString()
    seen.push(`${service} ${String(call.metadata.get('user-agent')[0])}`)
    callback(null, service === '' ? Buffer.from([8, 1]) : Buffer.from([8, Number(service)]))
  })
  t.equal(await attempt(t, probe(port)), 'ready')
  t.equal(await attempt(t, probe(port, '')), 'ready')
  t.equal(await attempt(t, probe(port, '1')), 'ready')
  const unhealthy = (status: string): string => `service unhealthy (responded with "${status}")`
  t.equal(await attempt(t, probe(port, '0')), unhealthy('UNKNOWN'))
  t.equal(await attempt(t, probe(port, '2')), unhealthy('NOT_SERVING'))
  t.equal(await attempt(t, probe(port, '3')), unhealthy('SERVICE_UNKNOWN'))
  t.equal(await attempt(t, probe(port, '9')), unhealthy('9'))
  t.equal(seen[0], ' kube-probe//')
})

t.test('a server without the health service is told so', async (t) => {
  const text = 'this server does not implement the grpc health protocol (grpc.health.v1.Health) '
  const missing =
    'rpc error: code = Unimplemented desc = The server does not implement the method /grpc.health.v1.Health/Check'
  t.equal(await attempt(t, probe(await startGrpc(t, null))), text + missing)
  const port = await startStreams(t, (stream) => stream.respond({ ':status': 404 }, { endStream: true }))
  const http =
    'rpc error: code = Unimplemented desc = unexpected HTTP status code received from server: 404 (Not Found)'
  t.equal(await attempt(t, probe(port)), text + http)
})

t.test('an error of the service is passed on', async (t) => {
  const port = await startGrpc(t, (call, callback) => {
    const service = call.request.subarray(2).toString()
    if (service === 'late') callback({ code: grpc.status.DEADLINE_EXCEEDED, details: 'mine' })
    else callback({ code: grpc.status.NOT_FOUND, details: 'unknown service "ü" 100 %' })
  })
  t.equal(
    await attempt(t, probe(port, 'x')),
    'health rpc probe failed: rpc error: code = NotFound desc = unknown service "ü" 100 %',
  )
  t.equal(
    await attempt(t, probe(port, 'late'), { timeoutMs: 8000 }),
    'health rpc did not complete within 8s: rpc error: code = DeadlineExceeded desc = mine',
  )
})

t.test('a call that is not answered takes an attempt its time, no more', async (t) => {
  const clock = new FakeClock()
  const called = new Promise<void>((resolve) => {
    void startGrpc(t, () => resolve()).then(
      (port) => (result = attempt(t, probe(port), { timeoutMs: 100, clock })),
    )
  })
  let result: Promise<string> = Promise.resolve('')
  await within('the call arrives', called)
  await clock.advance(100)
  const late = 'health rpc did not complete within 100ms: rpc error: code = DeadlineExceeded desc = '
  t.equal(await result, `${late}context deadline exceeded`)
  t.equal(clock.pending, 0)

  const silent = attempt(t, probe(await startSilent(t)), { timeoutMs: 100, clock })
  await clock.advance(100)
  t.equal(await silent, `${late}context deadline exceeded while waiting for connections to become ready`)
})

t.test('a head without an end takes an attempt its time too', async (t) => {
  const clock = new FakeClock()
  const headed = new Promise<void>((resolve) => {
    const onStream = (stream: ServerHttp2Stream): void => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      stream.write(Buffer.from('00000000020801', 'hex'), () => resolve())
    }
    void startStreams(t, onStream).then(
      (port) => (result = attempt(t, probe(port), { timeoutMs: 1000, clock })),
    )
  })
  let result: Promise<string> = Promise.resolve('')
  await within('the head is sent', headed)
  await clock.advance(1000)
  t.match(await result, /^health rpc did not complete within 1s: .* = context deadline exceeded$/)
})

t.test('a refused connection is told apart', async (t) => {
  const port = await freePort()
  const run = startProbe(probe(port), 5000, new FakeClock(), {
    userAgent: '',
    detectHttp2: false,
    onRedirectAway: () => {},
  })
  const dial = `transport: Error while dialing: dial tcp 127.0.0.1:${port}: connect: connection refused`
  t.strictSame(await within('refused', run.outcome), {
    text: `health rpc probe failed: rpc error: code = Unavailable desc = connection error: desc = "${dial}"`,
    isRefused: true,
  })
})

t.test('what does not speak HTTP/2 is unavailable', async (t) => {
  const start = 'health rpc probe failed: rpc error: code = Unavailable desc = connection error: desc = '
  const ports = [
    await startHttp1(t, (_, response) => response.end()),
    await startRaw(t, (socket) => socket.end('SSH-2.0-x\r\n')),
    await startRaw(t, (socket) => socket.end()),
    await startRaw(t, (socket) => socket.resetAndDestroy()),
  ]
  for (const port of ports) {
    const text = await attempt(t, probe(port))
    t.ok(text.startsWith(`${start}"error reading server preface: `), text)
  }
})

t.test('what is no response to the call fails by name', async (t) => {
  const failed = 'health rpc probe failed: rpc error: code = '
  const body =
    (hex: string, status = '0') =>
    (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }))
      stream.end(Buffer.from(hex, 'hex'))
    }
  const cases: [onStream: (stream: ServerHttp2Stream) => void, text: string][] = [
    [
      body('0000000001ff'),
      'Internal desc = grpc: failed to unmarshal the received message: proto: cannot parse invalid wire-format data',
    ],
    [body('00000000'), 'Internal desc = unexpected EOF'],
    [body('', 'x'), 'Internal desc = transport: malformed grpc-status: "x"'],
    [body('', '99'), 'Code(99) desc = '],
    [body('00'.repeat(65 * 1024)), `ResourceExhausted desc = grpc: received message larger than max`],
    [
      (stream) => stream.respond({ ':status': 503 }, { endStream: true }),
      'Unavailable desc = unexpected HTTP status code received from server: 503 (Service Unavailable)',
    ],
    [
      (stream) => stream.respond({ ':status': 200 }, { endStream: true }),
      'Internal desc = server closed the stream without sending trailers',
    ],
    [
      (stream) => stream.close(2),
      'Internal desc = stream terminated by RST_STREAM with error code: INTERNAL_ERROR',
    ],
    [
      (stream) => stream.close(7),
      'Unavailable desc = stream terminated by RST_STREAM with error code: REFUSED_STREAM',
    ],
    [(stream) => stream.session?.destroy(), 'Unavailable desc = '],
  ]
  for (const [onStream, text] of cases) {
    const port = await startStreams(t, onStream)
    const said = await attempt(t, probe(port))
    t.ok(said.startsWith(failed + text), said)
  }
})
