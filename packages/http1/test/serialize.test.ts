import t from 'tap'
import {
  chunkHeader,
  Framing,
  lastChunk,
  reasonPhrase,
  RequestHead,
  requestText,
  ResponseHead,
  responseText,
  statusLine,
} from '../src/index.ts'
import { request, response } from './support/heads.ts'

const sent = (text: string): string => {
  const head = request(text)
  return requestText(head, head.framing, 'fallback')
}

t.test('a canonical head is sent as it came', async (t) => {
  const text = 'GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\nx: z\r\n\r\n'
  t.equal(sent(text), text)
  t.equal(sent(`\r\n${text}`), text, 'without the empty line before it')
})

t.test('HTTP/1.0 becomes HTTP/1.1 and gets the Host it lacks', async (t) => {
  t.equal(sent('GET / HTTP/1.0\r\nX: y\r\n\r\n'), 'GET / HTTP/1.1\r\nX: y\r\nHost: fallback\r\n\r\n')
  t.equal(sent('GET / HTTP/1.0\r\nHost: a\r\n\r\n'), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
})

t.test('absolute-form becomes origin-form with its own Host', async (t) => {
  t.equal(
    sent('GET http://b?c HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n'),
    'GET /?c HTTP/1.1\r\nX: y\r\nHost: b\r\n\r\n',
  )
})

t.test('a method that expects a body says when there is none', async (t) => {
  for (const method of ['POST', 'PUT', 'PATCH'])
    t.match(sent(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`), /\r\nContent-Length: 0\r\n\r\n$/)
  for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'post'])
    t.notMatch(sent(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`), /Content-Length/)
  t.equal(
    sent('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 00\r\n\r\n'),
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
  )
})

t.test('the framing that is sent is said once', async (t) => {
  t.equal(
    sent('POST / HTTP/1.1\r\nTransfer-Encoding:CHUNKED\r\nHost: a\r\n\r\n'),
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
  )
  const head = new RequestHead()
  head.build('POST', '/', 'a', [], true)
  t.equal(
    requestText(head, Framing.Chunked, ''),
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
  )
})

t.test('what belongs to the connection is written by us', async (t) => {
  t.equal(
    sent(
      'POST / HTTP/1.1\r\nHost: a\r\nTE: gzip, trailers\r\nExpect: 100-CONTINUE\r\nConnection: TE, close\r\nContent-Length: 1\r\n\r\n',
    ),
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTE: trailers\r\nExpect: 100-continue\r\n\r\n',
  )
  t.equal(
    sent('GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive , UPGRADE\r\nUpgrade: WebSocket\r\n\r\n'),
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n',
  )
})

t.test('a status line is copied when it is canonical and written anew when not', async (t) => {
  const text = (line: string): string =>
    responseText(response(`${line}\r\n\r\n`), Framing.None, '', '').split('\r\n')[0]
  t.equal(text('HTTP/1.1 200 Fine'), 'HTTP/1.1 200 Fine')
  t.equal(text('HTTP/1.1 200 '), 'HTTP/1.1 200 ')
  t.equal(text('HTTP/1.1 200'), 'HTTP/1.1 200 OK')
  t.equal(text('HTTP/1.0 200 Fine'), 'HTTP/1.1 200 Fine')
  t.equal(text('HTTP/1.0 299'), 'HTTP/1.1 299 Unknown')
})

t.test('a response gets Date, framing and what becomes of the connection', async (t) => {
  const head = response('X: y\r\n')
  t.equal(
    responseText(head, Framing.Chunked, 'Connection: close\r\n', 'now'),
    'HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\nDate: now\r\nConnection: close\r\n\r\n',
  )
  t.equal(responseText(head, Framing.UntilClose, '', ''), 'HTTP/1.1 200 OK\r\nX: y\r\n\r\n')
  t.notMatch(responseText(response('Date: then\r\n'), Framing.None, '', 'now'), /now/, 'its own Date stays')
  t.match(
    responseText(response('Connection: date\r\nDate: then\r\n'), Framing.None, '', 'now'),
    /\r\nDate: now\r\n/,
  )
})

t.test('a response of HTTP/2 has a registered reason', async (t) => {
  const head = new ResponseHead()
  head.build(503, ['x', 'y'], 'GET', false)
  t.equal(responseText(head, Framing.None, '', ''), 'HTTP/1.1 503 Service Unavailable\r\nx: y\r\n\r\n')
})

t.test('status lines, chunk headers and last chunks', async (t) => {
  t.equal(statusLine(200), 'HTTP/1.1 200 OK\r\n')
  t.equal(statusLine(200, 'Fine'), 'HTTP/1.1 200 Fine\r\n')
  t.equal(statusLine(599), 'HTTP/1.1 599 Unknown\r\n')
  t.equal(reasonPhrase(431), 'Request Header Fields Too Large')
  t.equal(chunkHeader(255), 'ff\r\n')
  t.equal(lastChunk(''), '0\r\n\r\n')
  t.equal(lastChunk('X: y\r\n'), '0\r\nX: y\r\n\r\n')
})
