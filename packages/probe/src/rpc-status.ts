/** The status codes that are told apart here. */
export const RpcCode = {
  Ok: 0,
  Unknown: 2,
  DeadlineExceeded: 4,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  Unauthenticated: 16,
} as const

/** Names of the codes, by number. */
const NAMES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]

/** How a call ended. */
export interface RpcStatus {
  readonly code: number
  readonly message: string
}

/** A status as grpc-go prints it. */
export function rpcStatusText({ code, message }: RpcStatus): string {
  return `rpc error: code = ${NAMES[code] ?? `Code(${code})`} desc = ${message}`
}

/** The code for an HTTP status that no gRPC server sends (gRPC's http-grpc-status-mapping). */
const CODE_OF_STATUS: Readonly<Record<number, number>> = {
  400: RpcCode.Internal,
  401: RpcCode.Unauthenticated,
  403: RpcCode.PermissionDenied,
  404: RpcCode.Unimplemented,
  429: RpcCode.Unavailable,
  502: RpcCode.Unavailable,
  503: RpcCode.Unavailable,
  504: RpcCode.Unavailable,
}

/** The status for an HTTP status other than 200. */
export function statusOfHttp(status: number): RpcStatus {
  const phrase = process.getBuiltinModule('node:http').STATUS_CODES[status] ?? 'Unknown'
  const message = `unexpected HTTP status code received from server: ${status} (${phrase})`
  return { code: CODE_OF_STATUS[status] ?? RpcCode.Unknown, message }
}

/** Fields of a head or of trailers as node:http2 gives them. */
export type RpcFields = Readonly<Record<string, unknown>>

/** The status that a response's trailers carry, or its head when it has nothing else; null when there is none. */
export function statusOfFields(fields: RpcFields): RpcStatus | null {
  const code = fields['grpc-status']
  if (typeof code !== 'string') return null
  const message = fields['grpc-message']
  if (!/^\d{1,9}$/.test(code)) {
    const text = `transport: malformed grpc-status: ${JSON.stringify(code)}`
    return { code: RpcCode.Internal, message: text }
  }
  return { code: Number(code), message: typeof message === 'string' ? percentDecoded(message) : '' }
}

/** `grpc-message` is UTF-8 with `%` escapes; what is malformed stays as it is. */
function percentDecoded(text: string): string {
  const bytes = text.replace(/%([\da-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
