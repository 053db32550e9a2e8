/**
 * Why a message was refused. Codes are negative so that a parser can return either a position or a refusal
 * without allocating; {@link describeRefusal} gives the text, the status for a request and the rule's source.
 */
export const Refusal = {
  BareLf: -1,
  BareCr: -2,
  ControlInHead: -3,
  SpaceBeforeColon: -4,
  ObsFold: -5,
  BadFieldName: -6,
  BadMethod: -7,
  BadTarget: -8,
  BadRequestLine: -9,
  BadVersion: -10,
  UnsupportedVersion: -11,
  HeadTooLarge: -12,
  TooManyFields: -13,
  TargetTooLong: -14,
  MissingHost: -15,
  RepeatedHost: -16,
  BadHost: -17,
  LengthAndTransferEncoding: -18,
  BadContentLength: -19,
  RepeatedContentLength: -20,
  BadTransferEncoding: -21,
  UnknownTransferCoding: -22,
  TransferEncodingIn10: -23,
  BadChunkSize: -24,
  ChunkExtensionTooLong: -25,
  BadChunkEnd: -26,
  BadTrailer: -27,
  TrailerTooLarge: -28,
  UnknownExpectation: -29,
  BadStatusLine: -30,
  ConnectionFieldInH2: -31,
  BadPseudoField: -32,
} as const
/** One of the negative codes of {@link Refusal}. */
export type Refusal = (typeof Refusal)[keyof typeof Refusal]

/** What is known of a refusal, for answers, logs and docs. */
export interface RefusalRow {
  /** Stable name, used in logs and metrics. */
  readonly name: string
  /** Status of the answer when a request is refused; a refused response is always 502. */
  readonly status: number
  /** One sentence for people. */
  readonly text: string
  /** The rule, with its section. */
  readonly source: string
}

const row = (name: string, status: number, text: string, source: string): RefusalRow => ({
  name,
  status,
  text,
  source,
})

/** One row per refusal, indexed by the negated code; index 0 is unused. */
const ROWS: readonly RefusalRow[] = [
  row('none', 500, 'not refused', ''),
  row('bare-lf', 400, 'a line ends in LF without CR', 'RFC 9112 section 2.2'),
  row('bare-cr', 400, 'CR is not followed by LF', 'RFC 9112 section 2.2'),
  row('control-in-head', 400, 'a control byte stands in the head', 'RFC 9110 section 5.5'),
  row('space-before-colon', 400, 'white space stands before the colon of a field', 'RFC 9112 section 5.1'),
  row('obs-fold', 400, 'a field value is folded over several lines', 'RFC 9112 section 5.2'),
  row('bad-field-name', 400, 'a field name is empty or not a token', 'RFC 9110 section 5.1'),
  row('bad-method', 400, 'the method is empty or not a token', 'RFC 9110 section 9.1'),
  row('bad-target', 400, 'the request-target has no valid form', 'RFC 9112 section 3.2'),
  row('bad-request-line', 400, 'the request line is malformed', 'RFC 9112 section 3'),
  row('bad-version', 400, 'the protocol version is malformed', 'RFC 9112 section 2.3'),
  row('unsupported-version', 505, 'only HTTP/1.1 and HTTP/1.0 are spoken here', 'RFC 9110 section 15.6.6'),
  row('head-too-large', 431, 'the head is larger than the limit', 'RFC 6585 section 5'),
  row('too-many-fields', 431, 'the head has more fields than the limit', 'RFC 6585 section 5'),
  row('target-too-long', 414, 'the request-target is longer than the limit', 'RFC 9112 section 3'),
  row('missing-host', 400, 'an HTTP/1.1 request has no Host', 'RFC 9112 section 3.2'),
  row('repeated-host', 400, 'a request has more than one Host', 'RFC 9112 section 3.2'),
  row('bad-host', 400, 'the Host value is not a host with an optional port', 'RFC 9112 section 3.2'),
  row(
    'length-and-transfer-encoding',
    400,
    'both Content-Length and Transfer-Encoding are present',
    'RFC 9112 section 6.3',
  ),
  row('bad-content-length', 400, 'Content-Length is not a plain number', 'RFC 9110 section 8.6'),
  row('repeated-content-length', 400, 'Content-Length stands more than once', 'RFC 9112 section 6.3'),
  row(
    'bad-transfer-encoding',
    400,
    'Transfer-Encoding is not a single final chunked',
    'RFC 9112 section 6.1',
  ),
  row('unknown-transfer-coding', 501, 'a transfer coding other than chunked is used', 'RFC 9112 section 6.1'),
  row('transfer-encoding-in-1.0', 400, 'an HTTP/1.0 message has Transfer-Encoding', 'RFC 9112 section 6.1'),
  row('bad-chunk-size', 400, 'a chunk size is not a hex number of at most 2^53 - 1', 'RFC 9112 section 7.1'),
  row(
    'chunk-extension-too-long',
    400,
    'chunk extensions are longer than the limit',
    'RFC 9112 section 7.1.1',
  ),
  row('bad-chunk-end', 400, 'the data of a chunk is not followed by CRLF', 'RFC 9112 section 7.1'),
  row('bad-trailer', 400, 'a trailer field may not stand in a trailer section', 'RFC 9110 section 6.5.1'),
  row('trailer-too-large', 431, 'the trailer section is larger than the limit', 'RFC 6585 section 5'),
  row('unknown-expectation', 417, 'the only expectation known is 100-continue', 'RFC 9110 section 10.1.1'),
  row('bad-status-line', 400, 'the status line is malformed', 'RFC 9112 section 4'),
  row(
    'connection-field-in-h2',
    400,
    'a connection-specific field stands in an HTTP/2 message',
    'RFC 9113 section 8.2.2',
  ),
  row('bad-pseudo-field', 400, 'a pseudo-header field is missing or malformed', 'RFC 9113 section 8.3.1'),
]

/** The row of a refusal. Throws `RangeError` when the code is not one of {@link Refusal}. */
export function describeRefusal(code: Refusal): RefusalRow {
  const found = ROWS[-code]
  if (found === undefined) throw new RangeError(`no refusal has the code ${code}`)
  return found
}
