import type { Downstream, UpstreamStream } from './sides.ts'
import { clientCloseFrame, serverCloseFrame, WebSocketFrames } from './websocket-frames.ts'

/**
 *     Open ─► Closing ─► Closed ─► Ended
 *       ▲        │
 *       └────────┘ (the sender's own close frame came first)
 */
const State = {
  Open: 0,
  /** Our close frame goes out at the end of the current frame. */
  Closing: 1,
  /** Our close frame went out: nothing may follow it (RFC 6455 section 5.5.1), and who got it would not read it. */
  Closed: 2,
  /** The end of the direction was sent. */
  Ended: 3,
} as const
type State = (typeof State)[keyof typeof State]

/** Where the bytes of a direction go. */
type Sink = Pick<Downstream & UpstreamStream, 'sendData' | 'endTunnel'>

/** One direction of an upgraded connection. */
export class TunnelDirection {
  readonly #sink: Sink
  /** Null when the protocol is one we know nothing about. */
  readonly #frames: WebSocketFrames | null
  readonly #closeFrame: () => Buffer
  #state: State = State.Open

  constructor(sink: Sink, isWebSocket: boolean, closeFrame: () => Buffer) {
    this.#sink = sink
    this.#frames = isWebSocket ? new WebSocketFrames() : null
    this.#closeFrame = closeFrame
  }

  /** Sends bytes on. */
  send(bytes: Buffer, start: number, end: number): void {
    if (this.#state === State.Open) {
      if (this.#frames !== null) this.#frames.follow(bytes, start, end)
      this.#sink.sendData(bytes, start, end)
    } else if (this.#state === State.Closing) this.#sendFrame(this.#frames!, bytes, start, end)
  }

  /** Sends the rest of the current frame, and what may follow it. */
  #sendFrame(frames: WebSocketFrames, bytes: Buffer, start: number, end: number): void {
    const frameEnd = frames.next(bytes, start, end)
    this.#sink.sendData(bytes, start, frameEnd)
    if (!frames.isAtBoundary) return
    this.#sendClose(frames)
    if (frameEnd < end) this.send(bytes, frameEnd, end)
  }

  /** Tells the receiver that the connection ends: in the words of its protocol if we know them, else by the end itself. */
  close(): void {
    if (this.#state !== State.Open) return
    if (this.#frames === null) return this.end()
    this.#state = State.Closing
    if (this.#frames.isAtBoundary) this.#sendClose(this.#frames)
  }

  #sendClose(frames: WebSocketFrames): void {
    this.#state = frames.hasClose ? State.Open : State.Closed
    if (frames.hasClose) return
    const frame = this.#closeFrame()
    this.#sink.sendData(frame, 0, frame.length)
  }

  /** Sends the end of the direction. */
  end(): void {
    if (this.#state === State.Ended) return
    this.#state = State.Ended
    this.#sink.endTunnel()
  }
}

/** An upgraded connection: bytes are copied both ways until both directions have ended. */
export class Tunnel {
  readonly toClient: TunnelDirection
  readonly toEndpoint: TunnelDirection
  readonly isWebSocket: boolean
  /** Directions whose sender has ended. */
  ends = 0
  isClosing = false

  /** `protocol` is what was agreed on, as it stands in the 101. */
  constructor(protocol: string, downstream: Downstream, stream: UpstreamStream) {
    const isWebSocket = protocol.toLowerCase() === 'websocket'
    this.isWebSocket = isWebSocket
    this.toClient = new TunnelDirection(downstream, isWebSocket, serverCloseFrame)
    this.toEndpoint = new TunnelDirection(stream, isWebSocket, clientCloseFrame)
  }

  /** Asks both ends to end it. */
  close(): void {
    this.isClosing = true
    this.toClient.close()
    this.toEndpoint.close()
  }
}
