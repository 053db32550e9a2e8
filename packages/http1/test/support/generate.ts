/** Makes messages that are mostly right, and then mostly a little wrong: where parsers disagree. latin1 text. */
import type { Random } from './random.ts'

const METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE']
const ODD_METHODS = ['CONNECT', 'get', 'XYZ', 'M-SEARCH', 'PRI', 'SOURCE']
const TARGETS = ['/', '/a/b?c=d', 'http://b.example/x', '//x']
const ODD_TARGETS = [
  '*',
  'http://b.example',
  'b.example:80',
  '',
  '/a#b',
  '/\xe9',
  'x',
  '/|"<>',
  'http://u@b/',
  'https://b?x',
]
const ODD_VERSIONS = ['HTTP/1.0', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'http/1.1']
const HOSTS = ['a.example', 'a.example:80', '[::1]', '', 'a b', 'a,b', 'u@a', 'a/b']
const LENGTHS = ['+3', '3, 3', '0x3', '', ' 3', '3 ', '03', '-1', '99999999999999999999', '3;a', '3.0', 'x']
const CODINGS = [
  'chunked',
  'Chunked',
  'gzip, chunked',
  'chunked, chunked',
  'identity',
  'chunked, gzip',
  '',
  'chunked;a',
  ' chunked ',
  'xchunked',
  ',chunked',
  '"chunked"',
  'chunked,',
]
const OTHER_FIELDS = [
  'X: y',
  'X:y',
  'X:',
  'X: \xe9\x85',
  'X:  a  b  ',
  'Accept: */*',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: X, TE',
  'Connection: upgrade',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Expect: x',
  'TE: trailers',
  'Trailer: X',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'Proxy-Connection: close',
  'Cookie: a=b; c=d',
  'Content-Type: text/plain',
  'Date: x',
]
const STATUS_LINES = ['HTTP/1.1 200 OK', 'HTTP/1.1 404 Not Found', 'HTTP/1.1 200 ']
const ODD_STATUS_LINES = [
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 304 Not Modified',
  'HTTP/1.1 200',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 999 Odd',
  'HTTP/1.1 20 OK',
  'HTTP/1.1 101 Switching Protocols',
  'HTTP/2.0 200 OK',
  'HTTP/1.1 2000 OK',
  'HTTP/1.1 200 \xe9',
  'ICY 200 OK',
  'HTTP/1.1  200 OK',
]
const INTERIM_LINES = [
  'HTTP/1.1 100 Continue',
  'HTTP/1.1 103 Early Hints',
  'HTTP/1.1 102 Processing',
  'HTTP/1.1 199 Odd',
]
const DATA = [
  'a',
  'hello',
  '0\r\n\r\n',
  'GET /in HTTP/1.1\r\nHost: in\r\n\r\n',
  '\x00\xff',
  'HTTP/1.1 200 OK\r\n\r\n',
]
const SIZES = ['0x', '+', '-', ' ', '00000000000000000', 'g', '']
const EXTENSIONS = [
  ';a',
  ';a=b',
  ';a="b c"',
  ' ;a',
  ' ',
  ';',
  ';;',
  ';a=',
  ';a="\xe9"',
  ';a b',
  ';="x"',
  ';a="',
]
const TRAILERS = [
  'X: y',
  'Content-Length: 3',
  'Transfer-Encoding: chunked',
  'Host: x',
  'X : y',
  ' X: y',
  'Connection: close',
  'X',
]
const INTERESTING = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  '\t',
  ' ',
  '\x0b',
  '\x0c',
  '\x7f',
  '\x85',
  '\xa0',
  '\xff',
  ':',
  ';',
  ',',
  '"',
  '0',
  '1',
  'a',
  '/',
  '-',
  '_',
  '+',
]

/** One to three requests on one connection, then perhaps damaged. */
export function randomRequests(random: Random): string {
  let text = ''
  for (let i = random.pick([1, 1, 2, 3]); i > 0; i--) text += randomRequest(random)
  return damaged(random, text)
}

/** Interim responses and one final response, then perhaps damaged. */
export function randomResponses(random: Random): string {
  let text = ''
  while (random.oneIn(5))
    text += `${random.pick(INTERIM_LINES)}\r\n${random.oneIn(2) ? `${random.pick(OTHER_FIELDS)}\r\n` : ''}\r\n`
  const { lines, body } = framedBody(random)
  text += [
    random.pick(random.oneIn(4) ? ODD_STATUS_LINES : STATUS_LINES),
    ...shuffled(random, [...lines, ...otherFields(random)]),
    '',
    body,
  ].join('\r\n')
  return damaged(random, text)
}

function randomRequest(random: Random): string {
  const method = random.pick(random.oneIn(15) ? ODD_METHODS : METHODS)
  const target = random.pick(random.oneIn(15) ? ODD_TARGETS : TARGETS)
  const line = `${method} ${target} ${random.oneIn(15) ? random.pick(ODD_VERSIONS) : 'HTTP/1.1'}`
  const fields = otherFields(random)
  if (!random.oneIn(30)) fields.push(`Host: ${random.oneIn(20) ? random.pick(HOSTS) : 'a.example'}`)
  if (random.oneIn(50)) fields.push('hOST: b.example')
  const { lines, body } = random.oneIn(3) ? { lines: [], body: '' } : framedBody(random)
  const before = random.oneIn(15) ? random.pick(['\r\n', '\r\n\r\n', '\n', ' ']) : ''
  return before + [line, ...shuffled(random, [...lines, ...fields]), '', body].join('\r\n')
}

function otherFields(random: Random): string[] {
  const fields: string[] = []
  while (random.oneIn(2)) fields.push(random.pick(OTHER_FIELDS))
  return fields
}

function framedBody(random: Random): { lines: string[]; body: string } {
  const data = random.pick(DATA)
  switch (random.below(random.oneIn(2) ? 12 : 30)) {
    case 0:
      return { lines: [`Content-Length: ${random.pick(LENGTHS)}`], body: data }
    case 1:
      return { lines: [`Content-Length: ${data.length + random.below(3) - 1}`], body: data }
    case 2:
      return {
        lines: [`Content-Length: ${data.length}`, `Content-Length: ${data.length - random.below(2)}`],
        body: data,
      }
    case 3:
      return { lines: [`Transfer-Encoding: ${random.pick(CODINGS)}`], body: chunks(random) }
    case 4:
      return {
        lines: ['Transfer-Encoding: chunked', `Transfer-Encoding: ${random.pick(CODINGS)}`],
        body: chunks(random),
      }
    case 5:
      return { lines: ['Transfer-Encoding: chunked', `Content-Length: ${data.length}`], body: chunks(random) }
    case 6:
      return { lines: [], body: data }
    case 7:
    case 8:
    case 20:
    case 21:
    case 22:
      return { lines: [`Content-Length: ${data.length}`], body: data }
    default:
      return { lines: ['Transfer-Encoding: chunked'], body: chunks(random) }
  }
}

function chunks(random: Random): string {
  let body = ''
  for (let i = random.below(3); i > 0; i--) {
    const data = random.pick(DATA)
    const size = `${random.oneIn(30) ? random.pick(SIZES) : ''}${data.length.toString(16)}`
    const extension = random.oneIn(4) ? random.pick(EXTENSIONS) : ''
    body += `${size}${extension}\r\n${data}${random.oneIn(40) ? random.pick(['', '\n', '\r', 'XX']) : '\r\n'}`
  }
  body += `0${random.oneIn(10) ? random.pick(EXTENSIONS) : ''}\r\n`
  while (random.oneIn(4)) body += `${random.pick(TRAILERS)}\r\n`
  return `${body}\r\n`
}

function shuffled(random: Random, list: string[]): string[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[list[i], list[j]] = [list[j], list[i]]
  }
  return list
}

/** The text with a few bytes changed, or as it is. */
export function damaged(random: Random, text: string): string {
  let found = text
  for (let i = random.pick([0, 0, 0, 1, 1, 2, 4]); i > 0; i--) found = damagedOnce(random, found)
  return found
}

function damagedOnce(random: Random, text: string): string {
  const at = random.below(text.length + 1)
  const behind = at + 1 + random.below(random.oneIn(4) ? 20 : 2)
  switch (random.below(7)) {
    case 0:
      return text.slice(0, at) + text.slice(behind)
    case 1:
      return text.slice(0, behind) + text.slice(at)
    case 2:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1)
    case 3:
      return replacedLineEnd(random, text)
    case 4:
      return text.slice(0, at)
    case 5:
      return text.slice(0, at) + random.pick(INTERESTING) + text.slice(at + 1)
    default:
      return text.slice(0, at) + random.pick(INTERESTING) + text.slice(at)
  }
}

function replacedLineEnd(random: Random, text: string): string {
  const ends = [...text.matchAll(/\r\n/g)].map((match) => match.index)
  if (ends.length === 0) return text
  const at = random.pick(ends)
  return text.slice(0, at) + random.pick(['\n', '\r', '\r\r\n', '\n\r', '\r\n ', '']) + text.slice(at + 2)
}
