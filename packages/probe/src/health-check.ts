/** What a service says of itself (`grpc.health.v1.HealthCheckResponse.ServingStatus`). */
const SERVING_STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

/** The status that is ready. */
export const SERVING = 1

/** Name of a serving status, or its number when it has none: a signed one of 32 bits, as enums are. */
export function servingStatusName(status: number): string {
  return SERVING_STATUSES[status] ?? String(status | 0)
}

/** Bytes before each gRPC message: whether it is compressed, and its length. */
const FRAME_HEADER_BYTES = 5
/** Bits of a varint's byte that carry its value. */
const VARINT_BITS = 7
/** Longest varint, bytes. */
const VARINT_BYTES_MAX = 10
/** Field number 1, length-delimited: `service` of the request. */
const SERVICE_TAG = 0x0a
/** Field number 1: `status` of the response. */
const STATUS_FIELD = 1

/** The wire types of protobuf that still exist. */
const WireType = { Varint: 0, Fixed64: 1, Bytes: 2, Fixed32: 5 } as const

/** A `grpc.health.v1.HealthCheckRequest` as a gRPC message. An empty `service` asks about the whole server. */
export function encodeHealthRequest(service: string): Buffer {
  const name = Buffer.from(service, 'utf8')
  const message =
    name.length === 0 ? name : Buffer.concat([Buffer.from([SERVICE_TAG, ...varint(name.length)]), name])
  const header = Buffer.alloc(FRAME_HEADER_BYTES)
  header.writeUInt32BE(message.length, 1)
  return Buffer.concat([header, message])
}

/** What a gRPC body holds: one message, or why it is none. */
export type GrpcMessage =
  { readonly message: Buffer; readonly problem: '' } | { readonly message: null; readonly problem: string }

const none = (problem: string): GrpcMessage => ({ message: null, problem })

/** The one message of a whole response body. `problem` is in the words of grpc-go where it has some. */
export function readGrpcMessage(body: Buffer): GrpcMessage {
  if (body.length === 0) return none('grpc: the response has no message')
  if (body.length < FRAME_HEADER_BYTES) return none('unexpected EOF')
  // No encoding was offered.
  if (body[0] !== 0) return none('grpc: compressed flag set with identity or empty encoding')
  const length = body.readUInt32BE(1)
  if (body.length < FRAME_HEADER_BYTES + length) return none('unexpected EOF')
  if (body.length > FRAME_HEADER_BYTES + length) return none('grpc: the response has more than one message')
  return { message: body.subarray(FRAME_HEADER_BYTES), problem: '' }
}

/** `status` of a `grpc.health.v1.HealthCheckResponse`, or -1 when the bytes are no such message. */
export function decodeHealthResponse(bytes: Buffer): number {
  const reader = new VarintReader(bytes)
  let status = 0
  while (reader.at < bytes.length) {
    const tag = reader.next()
    if (tag < 8) return -1
    const [field, type] = [Math.floor(tag / 8), tag % 8]
    let value = 0
    if (type === WireType.Varint) value = reader.next()
    else if (type === WireType.Fixed64) reader.skip(8)
    else if (type === WireType.Fixed32) reader.skip(4)
    else if (type === WireType.Bytes) reader.skip(reader.next())
    else return -1
    if (reader.isBroken) return -1
    if (field === STATUS_FIELD && type === WireType.Varint) status = value
  }
  return status
}

/** Reads varints one after the other. */
class VarintReader {
  at = 0
  isBroken = false
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** The next value, or -1 when there is none. The lower 32 bits, unsigned: nothing here is larger. */
  next(): number {
    let value = 0
    for (let i = 0; i < VARINT_BYTES_MAX && this.at < this.#bytes.length; i++) {
      const byte = this.#bytes[this.at++]
      if (i * VARINT_BITS < 32) value |= (byte & 0x7f) << (i * VARINT_BITS)
      if (byte < 0x80) return value >>> 0
    }
    this.isBroken = true
    return -1
  }

  skip(count: number): void {
    this.at += count
    if (this.at > this.#bytes.length) this.isBroken = true
  }
}

function varint(value: number): number[] {
  const bytes: number[] = []
  for (; value > 0x7f; value >>>= VARINT_BITS) bytes.push((value & 0x7f) | 0x80)
  return [...bytes, value]
}
