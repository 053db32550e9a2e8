/**
 * One finished request, as the request log sees it. Strings that came over the network are as a head is
 * decoded: one character per byte (latin1). They are read only when the template asks for them.
 */
export interface RequestRecord {
  readonly method: string
  /** The request-target as it was sent: Go's `RequestURI`. */
  readonly target: string
  /** `HTTP/1.1`, `HTTP/2.0`: Go's `Proto`. */
  readonly protocol: string
  readonly host: string
  /** Of the request body, bytes; -1 when it was not announced. */
  readonly contentLength: number
  /** `ip:port`, IPv6 in brackets. */
  readonly remoteAddress: string
  /** Of the connection; null without TLS. */
  readonly tls: TlsRecord | null
  /** Sent to the client. */
  readonly status: number
  /** Body bytes sent to the client. */
  readonly responseBytes: number
  readonly latencySeconds: number
  /** Body bytes received from the client. */
  readonly requestBytes: number
  /** How it ended, as in metrics: `ok`, `client-gone`, `refused`, `timeout`, `upstream-failed`. */
  readonly outcome: string
  /** What the activator calls it, else its `X-Request-Id`, which a client chooses; empty when it has none. */
  readonly requestId: string
  /** See {@link traceIdOf}; empty when there is none. */
  readonly traceId: string
  readonly revision: RevisionRecord
  /** Values of all lines with this name, in order; the name is lower case. */
  header(lowerName: string): readonly string[]
  /** All header lines in order, with names as sent. */
  headerPairs(): readonly (readonly [name: string, value: string])[]
}

/** What a template may know of a TLS connection. */
export interface TlsRecord {
  /** As Node says it: `TLSv1.2` or `TLSv1.3`. */
  readonly version: string
  /** The cipher suite by its IANA name, `TLS_AES_128_GCM_SHA256`. */
  readonly cipherSuite: string
  /** By ALPN; empty when none was negotiated. */
  readonly protocol: string
  /** By SNI; empty when the client named none. */
  readonly serverName: string
  readonly resumed: boolean
}

/** The revision that answers. Its strings come from the environment and are plain text. */
export interface RevisionRecord {
  readonly name: string
  readonly namespace: string
  readonly service: string
  readonly configuration: string
  readonly podName: string
  readonly podIp: string
}
