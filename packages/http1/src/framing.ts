/** How the end of a body is found (RFC 9112 section 6.3). */
export const Framing = {
  /** There is no body. */
  None: 0,
  /** Content-Length tells. */
  Length: 1,
  /** The chunked transfer coding tells. */
  Chunked: 2,
  /** The body ends when the connection or the HTTP/2 stream does. */
  UntilClose: 3,
} as const
/** One of {@link Framing}. */
export type Framing = (typeof Framing)[keyof typeof Framing]
