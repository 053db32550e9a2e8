import type { Limits } from '@pilotlight/http1'
import type * as Http2 from 'node:http2'
import type { Failure } from './failure.ts'

let loaded: typeof Http2 | null = null

/** `node:http2`, loaded when it is first needed: a process that never meets HTTP/2 starts faster and stays smaller. */
export function http2(): typeof Http2 {
  return (loaded ??= process.getBuiltinModule('node:http2'))
}

/** The error codes used here (RFC 9113 section 7). */
export const H2Code: Readonly<
  Record<'NoError' | 'ProtocolError' | 'InternalError' | 'RefusedStream' | 'Cancel', number>
> = {
  NoError: 0,
  ProtocolError: 1,
  InternalError: 2,
  RefusedStream: 7,
  Cancel: 8,
}

/** END_STREAM among the flags that node:http2 hands out with a HEADERS frame. */
export const END_STREAM = 1

/**
 * Largest frame we take. Heads may be as large as over HTTP/1.1, and nghttp2 accepts a head in at most nine frames, so
 * the 16 KiB of the protocol's default would be too little. Go's server advertises the same.
 */
const FRAME_BYTES_MAX = 1024 * 1024

/** Pseudo-header fields, which stand beside the fields of a head in the same list. */
const PSEUDO_FIELDS = 8

/** What nghttp2 and node may hold for one session beside the bodies, MB. New streams are refused above it. */
const SESSION_MEGABYTES = 64

/**
 * What both sides tell node:http2. Floods of resets, settings, pings and invalid frames end a session by the defaults of
 * node and nghttp2 (1000 resets in a burst, then 33 a second; 1000 unread acknowledgements; 1000 invalid frames).
 */
export function sessionOptions(limits: Readonly<Limits>, windowBytes: number): Http2.SessionOptions {
  const options: Http2.SessionOptions & { strictSingleValueFields: boolean } = {
    maxHeaderListPairs: limits.headerCount + PSEUDO_FIELDS,
    // nghttp2 counts the worst case of the compression, not what it will really send.
    maxSendHeaderBlockLength: limits.headBytes * 2 + limits.headerCount * 32,
    maxSessionMemory: SESSION_MEGABYTES,
    // A repeated field is for the service or the endpoint to judge; we carry what HTTP/1.1 would carry.
    strictSingleValueFields: false,
    settings: {
      enablePush: false,
      enableConnectProtocol: false,
      initialWindowSize: windowBytes,
      maxFrameSize: FRAME_BYTES_MAX,
      maxHeaderListSize: limits.headBytes,
    },
  }
  return options
}

/** Who is told what arrives on a stream, before node:http2 emits it. */
export interface InputWatcher {
  /** Body bytes were taken in. */
  onInput(): void
  /** END_STREAM arrived. Trailers are told by an event of the same tick. */
  onInputEnd(): void
  /** The stream was reset; what was taken in and not read can be read now. */
  onInputCut(): void
}

/**
 * Tells a watcher how the input of a stream ends: node:http2 emits the same 'end' for END_STREAM and for RST_STREAM with
 * NO_ERROR, and a body that was cut would pass for a whole one. What tells them apart is that a reset closes the stream
 * before its reading side is ended.
 */
export function watchInput(stream: Http2.Http2Stream, watcher: InputWatcher): void {
  // Bound, it would cost every exchange another function.
  // oxlint-disable-next-line typescript/unbound-method
  const push = stream.push
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null) {
      if (stream.closed) watcher.onInputCut()
      else watcher.onInputEnd()
      return push.call(stream, null)
    }
    const takesMore = push.call(stream, chunk, encoding)
    watcher.onInput()
    return takesMore
  }
}

/** What a stream that closed before its response was complete died of. */
export function closeFailure(code: number | undefined): Failure {
  switch (code) {
    case H2Code.RefusedStream:
      return 'stream-refused'
    case H2Code.ProtocolError:
      // Nearly always nghttp2's own verdict on the response.
      return 'response-refused'
    default:
      return 'upstream-closed'
  }
}
