import type * as Http2 from 'node:http2'
import { Socket } from 'node:net'
import { type Attempt, durationText, failure, type ProbeFailure, type ProbeOutcome } from './attempt.ts'
import { dial } from './dial.ts'
import { loadHttp2, openSession } from './h2-session.ts'
import {
  decodeHealthResponse,
  encodeHealthRequest,
  readGrpcMessage,
  SERVING,
  servingStatusName,
} from './health-check.ts'
import type { GrpcAction } from './probe-action.ts'
import {
  RpcCode,
  type RpcFields,
  type RpcStatus,
  rpcStatusText,
  statusOfFields,
  statusOfHttp,
} from './rpc-status.ts'

/** Always the app next door, as in Knative. */
const HOST = '127.0.0.1'
/** A health response has two bytes; this is for fields that later versions may add. */
const BODY_BYTES_MAX = 64 * 1024

/** How a call ended, and what came. */
interface CallResult {
  readonly status: RpcStatus
  readonly body: Buffer
}

/** Asks `grpc.health.v1.Health/Check` over a connection of its own. Ready is SERVING. */
export async function probeGrpc(
  action: GrpcAction,
  attempt: Attempt,
  userAgent: string,
): Promise<ProbeOutcome> {
  void loadHttp2()
  const address = `${HOST}:${action.port}`
  const socket = await dial(HOST, String(action.port), address, attempt)
  if (!(socket instanceof Socket)) {
    if (attempt.isTimedOut) return callFailure(deadline(WHILE_CONNECTING), attempt)
    const message = `connection error: desc = "transport: Error while dialing: ${socket.text}"`
    return { ...callFailure({ code: RpcCode.Unavailable, message }, attempt), isRefused: socket.isRefused }
  }
  const { status, body } = await check(socket, address, action.service, attempt, userAgent)
  if (status.code !== RpcCode.Ok) return callFailure(status, attempt)
  const { message, problem } = readGrpcMessage(body)
  if (message === null) return callFailure({ code: RpcCode.Internal, message: problem }, attempt)
  const serving = decodeHealthResponse(message)
  if (serving === SERVING) return null
  if (serving < 0) return callFailure({ code: RpcCode.Internal, message: UNREADABLE }, attempt)
  return failure(`service unhealthy (responded with "${servingStatusName(serving)}")`)
}

const UNREADABLE =
  'grpc: failed to unmarshal the received message: proto: cannot parse invalid wire-format data'
const WHILE_CONNECTING = ' while waiting for connections to become ready'

function deadline(phase: string): RpcStatus {
  return { code: RpcCode.DeadlineExceeded, message: `context deadline exceeded${phase}` }
}

/** Knative's words for a call that failed. */
function callFailure(status: RpcStatus, attempt: Attempt): ProbeFailure {
  const text = rpcStatusText(status)
  if (status.code === RpcCode.Unimplemented)
    return failure(`this server does not implement the grpc health protocol (grpc.health.v1.Health) ${text}`)
  if (status.code === RpcCode.DeadlineExceeded)
    return failure(`health rpc did not complete within ${durationText(attempt.timeoutMs)}: ${text}`)
  return failure(`health rpc probe failed: ${text}`)
}

async function check(
  socket: Socket,
  address: string,
  service: string,
  attempt: Attempt,
  userAgent: string,
): Promise<CallResult> {
  const { session, problem } = await openSession(socket, address, attempt)
  let isReady = false
  session.once('remoteSettings', () => (isReady = true))
  return new Promise((resolve) => {
    const end = (status: RpcStatus, body: Buffer = Buffer.alloc(0)): void => {
      const isLate = attempt.isTimedOut
      resolve({ status: isLate ? deadline(isReady ? '' : WHILE_CONNECTING) : status, body })
      session.close()
    }
    session.once('close', () => {
      const where = isReady ? '' : 'error reading server preface: '
      const message = `connection error: desc = "${where}${problem() || 'EOF'}"`
      end({ code: RpcCode.Unavailable, message })
    })
    if (session.destroyed)
      return end({ code: RpcCode.Unavailable, message: 'connection error: desc = "EOF"' })
    const stream = session.request({
      ':method': 'POST',
      ':scheme': 'http',
      ':path': '/grpc.health.v1.Health/Check',
      ':authority': address,
      'content-type': 'application/grpc',
      'user-agent': userAgent,
      te: 'trailers',
      'grpc-timeout': `${Math.min(attempt.timeoutMs, 99_999_999)}m`,
    })
    new HealthCall(session, stream, end).send(service)
  })
}

/** Collects the response of one call. */
class HealthCall {
  readonly #session: Http2.ClientHttp2Session
  readonly #stream: Http2.ClientHttp2Stream
  readonly #end: (status: RpcStatus, body?: Buffer) => void
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #httpStatus = 0
  #status: RpcStatus | null = null

  constructor(
    session: Http2.ClientHttp2Session,
    stream: Http2.ClientHttp2Stream,
    end: (status: RpcStatus, body?: Buffer) => void,
  ) {
    this.#session = session
    this.#stream = stream
    this.#end = end
    stream.on('error', () => {})
    stream.once('response', (head) => {
      this.#httpStatus = head[':status'] ?? 0
      this.#onFields(head)
    })
    stream.once('trailers', (trailers) => this.#onFields(trailers))
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    stream.once('close', () => this.#onClose())
  }

  send(service: string): void {
    this.#stream.end(encodeHealthRequest(service))
  }

  #onFields(fields: RpcFields): void {
    this.#status ??= statusOfFields(fields)
  }

  #onData(chunk: Buffer): void {
    this.#bytes += chunk.length
    this.#chunks.push(chunk)
    if (this.#bytes <= BODY_BYTES_MAX) return
    const message = `grpc: received message larger than max (${this.#bytes} vs. ${BODY_BYTES_MAX})`
    this.#end({ code: RpcCode.ResourceExhausted, message })
    this.#stream.close()
  }

  #onClose(): void {
    // The end of the connection ended the stream: the session says why.
    if (this.#httpStatus === 0 && this.#session.destroyed) return
    if (this.#status !== null) return this.#end(this.#status, Buffer.concat(this.#chunks))
    if (this.#httpStatus !== 0 && this.#httpStatus !== 200) return this.#end(statusOfHttp(this.#httpStatus))
    const code = this.#stream.rstCode ?? 0
    const message =
      code === 0
        ? 'server closed the stream without sending trailers'
        : `stream terminated by RST_STREAM with error code: ${H2_ERRORS[code] ?? code}`
    this.#end({ code: code === REFUSED_STREAM ? RpcCode.Unavailable : RpcCode.Internal, message })
  }
}

const REFUSED_STREAM = 7
/** Names of HTTP/2's error codes (RFC 9113 section 7). */
const H2_ERRORS = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]
