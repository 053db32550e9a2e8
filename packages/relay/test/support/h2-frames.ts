import { createServer, type Socket } from 'node:net'
import { listen, type Test, within } from './h2-harness.ts'

/** Frame types of RFC 9113 section 6 that the tests write or look for. */
export const FrameType = {
  Data: 0,
  Headers: 1,
  Reset: 3,
  Settings: 4,
  Ping: 6,
  Goaway: 7,
  Continuation: 9,
} as const

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

export interface Frame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

/** One frame, as bytes. Nothing is checked: what a correct library would not send is the point. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const header = Buffer.alloc(9)
  header.writeUIntBE(payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

/** A HEADERS frame of literal fields without Huffman coding (RFC 7541 section 6.2.2), so that any byte can be sent. */
export function headers(
  stream: number,
  fields: readonly (readonly [string, string])[],
  isEnd = true,
): Buffer {
  const literals = fields.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)]))
  return frame(FrameType.Headers, isEnd ? 5 : 4, stream, Buffer.concat(literals))
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const length = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128)
  length.push(rest)
  return Buffer.concat([Buffer.from(length), bytes])
}

/** A RST_STREAM frame. */
export function reset(stream: number, code: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(code)
  return frame(FrameType.Reset, 0, stream, payload)
}

/** A GOAWAY frame. */
export function goaway(lastStream: number, code: number): Buffer {
  const payload = Buffer.alloc(8)
  payload.writeUInt32BE(lastStream)
  payload.writeUInt32BE(code, 4)
  return frame(FrameType.Goaway, 0, 0, payload)
}

/** The frames that arrive on a socket. */
export class FrameReader {
  readonly frames: Frame[] = []
  #rest: Buffer
  #isClosed = false
  readonly #waiting: (() => void)[] = []

  /** `skip` is how many bytes stand before the first frame: the preface, on the side of a server. */
  constructor(socket: Socket, skip = 0) {
    this.#rest = Buffer.alloc(0)
    let toSkip = skip
    socket.on('data', (chunk: Buffer) => {
      const skipped = Math.min(toSkip, chunk.length)
      toSkip -= skipped
      this.#rest = Buffer.concat([this.#rest, chunk.subarray(skipped)])
      this.#parse()
      this.#wake()
    })
    socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  #parse(): void {
    while (this.#rest.length >= 9) {
      const length = this.#rest.readUIntBE(0, 3)
      if (this.#rest.length < 9 + length) return
      const [type, flags] = [this.#rest[3], this.#rest[4]]
      const payload = Buffer.from(this.#rest.subarray(9, 9 + length))
      this.frames.push({ type, flags, stream: this.#rest.readUInt32BE(5) & 0x7fffffff, payload })
      this.#rest = this.#rest.subarray(9 + length)
    }
  }

  #wake(): void {
    for (const check of this.#waiting.splice(0)) check()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  find(type: number, stream: number): Frame | undefined {
    return this.frames.find((found) => found.type === type && found.stream === stream)
  }

  /** Resolves when `condition` holds. */
  until(condition: () => boolean, label: string): Promise<void> {
    const wait = new Promise<void>((resolve) => {
      const check = (): void => {
        if (condition()) resolve()
        else this.#waiting.push(check)
      }
      check()
    })
    return within(wait, label)
  }
}

/** One connection to a {@link rawApp}. */
export interface RawPeer {
  readonly socket: Socket
  readonly reader: FrameReader
  /** Ids of the streams that were opened, in order. */
  readonly streams: number[]
}

/** An application that speaks HTTP/2 frame by frame. `onRequest` is called with every HEADERS frame. */
export async function rawApp(
  t: Test,
  onRequest: (peer: RawPeer, stream: number) => void,
  settings: Buffer = Buffer.alloc(0),
): Promise<{ port: number; peers: RawPeer[] }> {
  const peers: RawPeer[] = []
  const server = createServer((socket) => {
    const peer: RawPeer = { socket, reader: new FrameReader(socket, PREFACE.length), streams: [] }
    let seen = 0
    socket.on('data', () => {
      for (; seen < peer.reader.frames.length; seen++) {
        const { type, flags, stream } = peer.reader.frames[seen]
        if (type === FrameType.Settings && flags === 0) socket.write(frame(FrameType.Settings, 1, 0))
        if (type !== FrameType.Headers || peer.streams.includes(stream)) continue
        // Only those with streams are told: under load a dial may be given up and tried again.
        if (peer.streams.push(stream) === 1) peers.push(peer)
        onRequest(peer, stream)
      }
    })
    socket.write(frame(FrameType.Settings, 0, 0, settings))
  })
  return { port: await listen(t, server), peers }
}

/** One entry of a SETTINGS frame. */
export function setting(id: number, value: number): Buffer {
  const entry = Buffer.alloc(6)
  entry.writeUInt16BE(id)
  entry.writeUInt32BE(value, 2)
  return entry
}

export const OK: [string, string][] = [[':status', '200']]
