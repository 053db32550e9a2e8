import http from 'node:http'
import type { Difference } from './support/compare.ts'
import type { OracleMessage } from './support/llhttp.ts'

/** One class of inputs that llhttp and we read differently, and why ours stands. */
export interface DifferenceClass {
  readonly name: string
  /** `strict`: llhttp accepts, we refuse. `lenient`: we accept, llhttp does not. `other`: both accept. */
  readonly we: 'strict' | 'lenient' | 'other'
  /** The clause, and what it says. */
  readonly clause: string
  /**
   * Whether a difference belongs here. Looks at the bytes and at what llhttp read wherever it can, so that a bug of
   * ours is not explained by our own word for it.
   */
  readonly explains: (difference: Difference) => boolean
}

/** Refusals that depend on the limits of a case. */
const LIMITS = [
  'head-too-large',
  'too-many-fields',
  'target-too-long',
  'chunk-extension-too-long',
  'trailer-too-large',
]
const FORBIDDEN_TRAILERS = new Set(['content-length', 'transfer-encoding', 'host'])
const HOST_FORM = /^$|^(?:\[[\w.~!$&'()*+,;=:%-]+\]|[\w.~!$&'()*+,;=%-]+)(?::\d*)?$/

/** A chunk size with extensions as RFC 9112 section 7.1.1 has them generated, without white space. */
const EXTENSIONS_FORM =
  /^[\da-f]+(?:;[\w!#$%&'*+.^`|~-]+(?:=(?:[\w!#$%&'*+.^`|~-]+|"(?:[\t !#-[\]-~]|\\[\t -~])*"))?)*$/i

const weRefused = ({ ours }: Difference, ...names: string[]): boolean =>
  names.some((name) => ours.end.startsWith(`refused ${name} `))

/** Values that llhttp read for a name. */
const values = (message: OracleMessage | undefined, name: string): string[] =>
  (message?.fields ?? []).filter(([received]) => received.toLowerCase() === name).map(([, value]) => value)

/** What stands where we stopped reading heads. */
const unread = ({ input, ours }: Difference): string => input.slice(ours.headStart)
const startLine = (difference: Difference): string => unread(difference).split('\r\n')[0]

const saysClose = (message: OracleMessage): boolean =>
  /\bclose\b/i.test(values(message, 'connection').join(','))

const isUpgrade = (message: OracleMessage): boolean =>
  values(message, 'upgrade').length > 0 && /\bupgrade\b/i.test(values(message, 'connection').join(','))

function hasForm({ method, target }: OracleMessage): boolean {
  if (method === 'CONNECT') return HOST_FORM.test(target) && /[^:]:\d+$/.test(target.replace(/^\[.*\]/, 'x'))
  if (target === '*') return method === 'OPTIONS'
  if (target.includes('#')) return false
  if (target.startsWith('/')) return true
  const authority = /^https?:\/\/([^/?]+)/i.exec(target)?.[1]
  return authority !== undefined && HOST_FORM.test(authority)
}

/** Every class; a difference that none of them explains fails the tests. */
export const DIFFERENCES: readonly DifferenceClass[] = [
  {
    name: 'versions other than 1.0 and 1.1, and none',
    we: 'strict',
    clause:
      'RFC 9110 section 15.6.6: 505 for a major version that is not spoken; RFC 9112 section 3: the version is not optional',
    explains: (d) =>
      d.kind === 'theirs-only' && d.ours.refusal !== 0 && !['1.0', '1.1'].includes(d.theirMessage!.version),
  },
  {
    name: 'more than one SP in the request line',
    we: 'strict',
    clause:
      'RFC 9112 section 3: one SP between the words; lenient parsing can be a security hole when recipients differ',
    explains: (d) =>
      d.kind === 'theirs-only' &&
      weRefused(d, 'bad-target', 'bad-version') &&
      /^(\r\n)?[^\r\n]*  /.test(unread(d)),
  },
  {
    name: 'ICE and RTSP, which llhttp speaks',
    we: 'strict',
    clause: 'RFC 9112 section 2.3: the name of the protocol is HTTP, in capitals',
    explains: (d) =>
      d.kind === 'theirs-only' && weRefused(d, 'bad-version') && / (ICE|RTSP)\/\d\.\d$/.test(startLine(d)),
  },
  {
    name: 'a target in none of the four forms',
    we: 'strict',
    clause:
      'RFC 9112 section 3.2: four forms, 400 for others; section 3.2.4: * only with OPTIONS; RFC 9110 section 9.3.6: CONNECT needs a port; section 4.2.1: no empty host',
    explains: (d) => d.kind === 'theirs-only' && weRefused(d, 'bad-target') && !hasForm(d.theirMessage!),
  },
  {
    name: 'no Host',
    we: 'strict',
    clause:
      'RFC 9112 section 3.2: 400 for an HTTP/1.1 request without Host (node:http does that itself, behind llhttp)',
    explains: (d) =>
      d.kind === 'theirs-only' && weRefused(d, 'missing-host') && values(d.theirMessage, 'host').length === 0,
  },
  {
    name: 'more than one Host',
    we: 'strict',
    clause: 'RFC 9112 section 3.2: 400 for more than one Host field line',
    explains: (d) =>
      d.kind === 'theirs-only' && weRefused(d, 'repeated-host') && values(d.theirMessage, 'host').length > 1,
  },
  {
    name: 'a Host that is no host',
    we: 'strict',
    clause:
      'RFC 9112 section 3.2: 400 for an invalid Host value; RFC 9110 section 4.2.1: no port without a host',
    explains: (d) =>
      d.kind === 'theirs-only' &&
      weRefused(d, 'bad-host') &&
      values(d.theirMessage, 'host').some((value) => !HOST_FORM.test(value)),
  },
  {
    name: 'an expectation other than 100-continue',
    we: 'strict',
    clause: 'RFC 9110 section 10.1.1: 417 (node:http asks the application instead)',
    explains: (d) =>
      d.kind === 'theirs-only' &&
      weRefused(d, 'unknown-expectation') &&
      values(d.theirMessage, 'expect').some((value) => value.toLowerCase() !== '100-continue'),
  },
  {
    name: 'a transfer coding that is not chunked alone',
    we: 'strict',
    clause:
      'RFC 9112 section 6.1: 501 for a coding that is not understood, chunked at most once and last. llhttp looks for a final chunked; what it does not like it refuses after it handed the head over',
    explains: (d) => {
      const codings = values(d.theirMessage, 'transfer-encoding')
      const isChunked = codings.length === 1 && codings[0].toLowerCase() === 'chunked'
      return (
        d.kind === 'theirs-only' &&
        weRefused(d, 'unknown-transfer-coding', 'bad-transfer-encoding') &&
        codings.length > 0 &&
        !isChunked
      )
    },
  },
  {
    name: 'Transfer-Encoding on HTTP/1.0',
    we: 'strict',
    clause: 'RFC 9112 section 6.1: the framing is to be treated as faulty',
    explains: (d) =>
      d.kind === 'theirs-only' &&
      weRefused(d, 'transfer-encoding-in-1.0') &&
      d.theirMessage!.version === '1.0' &&
      values(d.theirMessage, 'transfer-encoding').length > 0,
  },
  {
    name: 'a Content-Length beyond 2^53 - 1',
    we: 'strict',
    clause:
      'RFC 9110 section 8.6: overflow of large numbers must be prevented; larger ones cannot be counted here',
    explains: (d) =>
      d.kind === 'theirs-only' &&
      weRefused(d, 'bad-content-length') &&
      values(d.theirMessage, 'content-length').some((value) => Number(value) > Number.MAX_SAFE_INTEGER),
  },
  {
    name: 'line ends before the start line',
    we: 'strict',
    clause:
      'RFC 9112 section 2.2: one empty line, CRLF, is ignored before a request; llhttp ignores any number of CR and LF, before responses too',
    explains: (d) => {
      const isResponse = d.input.includes('HTTP/') && (d.theirMessage ?? d.ourMessage)?.method === ''
      const isOdd = isResponse ? /^[\r\n]/ : /^\r\n[\r\n]|^\n|^\r(?!\n)/
      return (
        ['theirs-only', 'end'].includes(d.kind) &&
        weRefused(d, 'bare-lf', 'bare-cr', 'bad-method', 'bad-version') &&
        isOdd.test(unread(d))
      )
    },
  },
  {
    name: 'controls in the reason phrase',
    we: 'strict',
    clause: 'RFC 9112 section 4: HTAB, SP, VCHAR and obs-text only',
    explains: (d) =>
      d.kind === 'theirs-only' &&
      weRefused(d, 'control-in-head') &&
      /^HTTP.*[^\t -~\x80-\xff]/s.test(startLine(d)),
  },
  {
    name: 'a status below 100',
    we: 'strict',
    clause: 'RFC 9110 section 15: 100 to 599 are valid',
    explains: (d) =>
      d.kind === 'theirs-only' && weRefused(d, 'bad-status-line') && d.theirMessage!.status < 100,
  },
  {
    name: 'chunk sizes of more than 16 digits or beyond 2^53 - 1',
    we: 'strict',
    clause: 'RFC 9112 section 7.1: recipients must anticipate large numbers and prevent overflow',
    explains: (d) =>
      ['theirs-complete', 'body', 'end'].includes(d.kind) &&
      weRefused(d, 'bad-chunk-size') &&
      /\r\n[\da-f]{14,}[\r; \t]/i.test(d.input),
  },
  {
    name: 'framing and routing fields in trailers',
    we: 'strict',
    clause: 'RFC 9110 section 6.5.1: must not be generated there; who merges them reads another message',
    explains: (d) =>
      d.kind === 'theirs-complete' &&
      weRefused(d, 'bad-trailer') &&
      d.theirMessage!.trailerFields.some(([name]) => FORBIDDEN_TRAILERS.has(name.toLowerCase())),
  },
  {
    name: 'limits that the case sets',
    we: 'strict',
    clause:
      'RFC 6585 section 5, RFC 9112 sections 3 and 7.1.1: servers bound what they read; node:http has other bounds',
    explains: (d) => ['theirs-only', 'theirs-complete'].includes(d.kind) && weRefused(d, ...LIMITS),
  },
  {
    name: 'bytes behind the last message',
    we: 'strict',
    clause:
      'RFC 9112 section 9.6: nothing is read behind close; section 6.3: bytes behind the last response are no response. node:http drops them silently',
    explains: (d) => d.kind === 'end' && /^(closed|answered),/.test(d.ours.end) && d.theirs.end === '',
  },
  {
    name: 'methods that llhttp does not know',
    we: 'lenient',
    clause:
      "RFC 9110 section 9.1: a method is any token, and unknown ones are the origin's business (501); a proxy forwards them",
    explains: (d) =>
      ['ours-only', 'ours-complete'].includes(d.kind) &&
      /^HPE_(INVALID_(METHOD|VERSION|CONSTANT)|PAUSED_H2_UPGRADE)$/.test(d.theirs.end) &&
      !http.METHODS.filter((method) => method !== 'SOURCE').includes(d.ourMessage!.method),
  },
  {
    name: 'bytes above 0x7f in the target',
    we: 'lenient',
    clause:
      'RFC 9112 section 3.2: an invalid target should, not must, be refused. Clients send raw UTF-8; SP ends the target all the same, and the bytes are forwarded as they came',
    explains: (d) =>
      d.kind === 'ours-only' &&
      d.theirs.end === 'HPE_INVALID_URL' &&
      /[\x80-\xff]/.test(d.ourMessage!.rawTarget),
  },
  {
    name: 'chunk extensions with white space, without a name, or malformed',
    we: 'lenient',
    clause:
      'RFC 9112 section 7.1.1: white space around ; and = must be parsed, unrecognised extensions must be ignored. Controls are refused, the line ends at CRLF only, and none is forwarded',
    explains: (d) =>
      d.kind === 'ours-complete' &&
      /^HPE_(STRICT|INVALID_CHUNK_SIZE)$/.test(d.theirs.end) &&
      d.input.split('\r\n').some((line) => /^[\da-f]+[ \t]*;/i.test(line) && !EXTENSIONS_FORM.test(line)),
  },
  {
    name: 'white space behind chunked',
    we: 'other',
    clause:
      'RFC 9112 section 5.1: white space around a value is no part of it. llhttp takes chunked with HTAB behind it for another coding: it refuses the request and reads the response until close',
    explains: (d) =>
      ['ours-complete', 'theirs-complete', 'body', 'theirs-only', 'end'].includes(d.kind) &&
      d.ourMessage?.fields.filter(([name]) => name.toLowerCase() === 'transfer-encoding').length === 1 &&
      /\r\ntransfer-encoding:[ \t]*chunked[ \t]*\t[ \t]*\r\n/i.test(d.input),
  },
  {
    name: 'CONNECT',
    we: 'other',
    clause:
      'RFC 9110 section 9.3.6: a tunnel begins with a 2xx answer; until then, and here always, what follows is a body or a request',
    explains: (d) =>
      d.theirs.end === 'tunnel' && d.theirMessage?.method === 'CONNECT' && d.ourMessage?.method === 'CONNECT',
  },
  {
    name: 'requests behind an upgrade',
    we: 'other',
    clause:
      'RFC 9110 section 7.8: the server may ignore Upgrade, and until 101 the bytes are HTTP. node:http stops reading behind the head or the body',
    explains: (d) =>
      ['ours-only', 'end', 'ours-complete'].includes(d.kind) &&
      d.theirs.end === '' &&
      d.theirs.messages.some(isUpgrade),
  },
  {
    name: 'Connection in trailers',
    we: 'lenient',
    clause:
      'RFC 9110 section 6.5.1: such a field must not be taken from trailers; llhttp closes the connection for it',
    explains: (d) =>
      ['ours-only', 'end'].includes(d.kind) &&
      d.theirs.end === 'HPE_CLOSED_CONNECTION' &&
      d.theirs.messages.some(({ trailerFields }) =>
        trailerFields.some(([name]) => /^(proxy-)?connection$/i.test(name)),
      ),
  },
  {
    name: 'both close and keep-alive on HTTP/1.0',
    we: 'strict',
    clause: 'RFC 9112 section 9.3: close is looked at first; to llhttp keep-alive wins on 1.0',
    explains: (d) =>
      ['theirs-only', 'end'].includes(d.kind) &&
      d.ours.end.startsWith('closed') &&
      d.theirs.messages.some((message) => message.version === '1.0' && saysClose(message)),
  },
  {
    name: 'Proxy-Connection',
    we: 'other',
    clause:
      'RFC 9112 appendix C.2.2: it was never part of HTTP and is ignored; llhttp takes it for Connection',
    explains: (d) =>
      ['ours-only', 'theirs-only', 'end'].includes(d.kind) &&
      (d.ours.end.startsWith('closed') || d.theirs.end === 'HPE_CLOSED_CONNECTION') &&
      d.theirs.messages.some((message) => values(message, 'proxy-connection').length > 0),
  },
  {
    name: 'close, or HTTP/1.0, in an interim response',
    we: 'lenient',
    clause:
      'RFC 9112 section 9.6: the connection closes behind the response, and RFC 9110 section 15.2: an interim one is not the end of it',
    explains: (d) =>
      ['ours-only', 'end'].includes(d.kind) &&
      d.theirs.end === 'HPE_CLOSED_CONNECTION' &&
      d.theirs.messages.some(
        (message) =>
          message.status > 0 && message.status < 200 && (message.version === '1.0' || saysClose(message)),
      ),
  },
]

/** The class that explains a difference, or undefined. */
export function classOf(difference: Difference): DifferenceClass | undefined {
  return DIFFERENCES.find((one) => one.explains(difference))
}
