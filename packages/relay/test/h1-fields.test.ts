import t from 'tap'
import { answering, response } from './support/origin.ts'
import { values } from './support/peer.ts'
import { get, Rig } from './support/rig.ts'

/** What the origin gets for `bytes`. */
const forwarded = (bytes: string) => async (t: Parameters<typeof Rig.start>[0]) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(bytes)
  const origin = await rig.origin.accepts()
  const request = await origin.readsMessage()
  origin.sends(response('ok'))
  await client.readsMessage()
  return request
}

const TARGETS: [string, string, string][] = [
  ['GET http://b.test/x?y HTTP/1.1\r\nHost: a.test\r\n\r\n', 'GET /x?y HTTP/1.1', 'b.test'],
  ['GET HTTP://b.test:81 HTTP/1.1\r\nHost: a.test\r\n\r\n', 'GET / HTTP/1.1', 'b.test:81'],
  ['GET https://b.test?q HTTP/1.1\r\nHost: a.test\r\n\r\n', 'GET /?q HTTP/1.1', 'b.test'],
  ['OPTIONS http://b.test HTTP/1.1\r\nHost: a.test\r\n\r\n', 'OPTIONS * HTTP/1.1', 'b.test'],
  ['OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n', 'OPTIONS * HTTP/1.1', 'a.test'],
  [
    'GET //c.test/../x%2F%zz;p?a=b&c#'.replace('#', '') + ' HTTP/1.1\r\nHost: a.test\r\n\r\n',
    'GET //c.test/../x%2F%zz;p?a=b&c HTTP/1.1',
    'a.test',
  ],
  ['GET http://b.test/x HTTP/1.0\r\n\r\n', 'GET /x HTTP/1.1', 'b.test'],
  ['GET /x HTTP/1.1\r\nhost:A.Test:80\r\n\r\n', 'GET /x HTTP/1.1', 'A.Test:80'],
]

for (const [bytes, line, host] of TARGETS) {
  t.test(`${JSON.stringify(bytes.slice(0, -4))} goes upstream as ${line} for ${host}`, async (t) => {
    const request = await forwarded(bytes)(t)
    t.equal(request.line, line)
    t.strictSame(values(request, 'host'), [host])
  })
}

t.test('the service sees whom an absolute-form request is for', async (t) => {
  const rig = await Rig.start(t, { onRequest: (exchange) => exchange.reply(200, '', exchange.request.host) })
  const client = await rig.connect()
  client.sends(get('http://b.test/x'))
  t.equal((await client.readsMessage()).body, 'b.test')
})

for (const bytes of [
  'CONNECT b.test:443 HTTP/1.1\r\nHost: b.test:443\r\n\r\n',
  'CONNECT b.test:443 HTTP/1.0\r\n\r\n',
]) {
  t.test(`CONNECT makes no tunnel: ${JSON.stringify(bytes)}`, async (t) => {
    const rig = await Rig.start(t)
    const client = await rig.connect()
    client.sends(bytes + get('/smuggled'))
    const answer = await client.readsMessage()
    t.equal(answer.line, 'HTTP/1.1 405 Method Not Allowed')
    t.strictSame(values(answer, 'allow'), ['GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE'])
    t.strictSame(values(answer, 'connection'), ['close'])
    t.strictSame(values(answer, 'proxy-status'), ['pilotlight; error=http_request_denied'])
    t.equal(await client.readsToEnd(), '')
    t.strictSame([rig.begun.count, rig.origin.accepted.count], [0, 0], 'the service was not asked')
  })
}

t.test('a method nobody knows crosses', async (t) => {
  t.equal((await forwarded(get().replace('GET', 'BREW'))(t)).line, 'BREW / HTTP/1.1')
})

const HOP_BY_HOP =
  'Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authenticate: Basic\r\nProxy-Authorization: Basic x\r\n' +
  'TE: gzip\r\nUpgrade: echo\r\nX-Hop: 1\r\nx-HOP: 2\r\nConnection: keep-alive, X-Hop\r\n'

t.test('hop-by-hop fields, and those that Connection names, do not reach the origin', async (t) => {
  const request = await forwarded(get('/', `A: 1\r\n${HOP_BY_HOP}B: 2\r\n`))(t)
  t.strictSame(request.fields, ['Host: a.test', 'A: 1', 'B: 2'])
})

t.test('hop-by-hop fields, and those that Connection names, do not reach the client', async (t) => {
  const fields = `A: 1\r\n${HOP_BY_HOP}Date: now\r\nB: 2\r\n`
  const rig = await Rig.start(t, { serve: answering(() => response('ok', '200 OK', fields)) })
  const client = await rig.connect()
  client.sends(get())
  t.strictSame((await client.readsMessage()).fields, ['A: 1', 'Date: now', 'B: 2', 'Content-Length: 2'])
})

t.test('naming Host or Content-Length in Connection changes nothing', async (t) => {
  const request = await forwarded(
    'POST / HTTP/1.1\r\nHost: a.test\r\nConnection: host, content-length, transfer-encoding\r\nContent-Length: 2\r\n\r\nab',
  )(t)
  t.strictSame([request.body, request.fields], ['ab', ['Host: a.test', 'Content-Length: 2']])
})

t.test('fields keep their order, their case, their repetitions and their bytes', async (t) => {
  const lines = [
    'x-lower: a',
    'X-UPPER: b',
    'X-lower: c',
    'Cookie: a=1; b=2',
    'Accept: */*',
    'accept: text/x',
    'X-Raw: \xe9\xff "\t|',
  ]
  const request = await forwarded(get('/', `${lines.join('\r\n')}\r\nX-Empty:\r\n`))(t)
  t.strictSame(request.fields.slice(1, -1), lines)
  t.match(request.fields.at(-1), /^X-Empty: ?$/)
})

t.test('each Set-Cookie stays a line of its own, in order', async (t) => {
  const cookies = ['a=1; Path=/', 'b=2, still b', 'a=3']
  const rig = await Rig.start(t, {
    serve: answering(() =>
      response('', '200 OK', cookies.map((cookie) => `Set-Cookie: ${cookie}\r\n`).join('')),
    ),
  })
  const client = await rig.connect()
  client.sends(get())
  t.strictSame(values(await client.readsMessage(), 'set-cookie'), cookies)
})

t.test('Date is added when the origin gave none, and left alone when it did', async (t) => {
  let date = ''
  const rig = await Rig.start(t, { serve: answering(() => response('', '200 OK', date)) })
  const client = await rig.connect()
  client.sends(get())
  const [added] = values(await client.readsMessage(), 'date')
  t.ok(Math.abs(Date.parse(added) - Date.now()) < 3000, added)
  date = 'date: Thu, 01 Jan 1970 00:00:00 GMT\r\n'
  client.sends(get())
  t.strictSame(values(await client.readsMessage(), 'date'), ['Thu, 01 Jan 1970 00:00:00 GMT'])
})

t.test('nothing is invented: no User-Agent, no Accept-Encoding, no Via, no Server', async (t) => {
  const request = await forwarded(get())(t)
  t.strictSame(request.fields, ['Host: a.test'])
})

t.test('a status line crosses with its own reason, none, and codes nobody registered', async (t) => {
  const table: [string, string][] = [
    ['HTTP/1.1 200 Fine By Me', 'HTTP/1.1 200 Fine By Me'],
    ['HTTP/1.1 200 ', 'HTTP/1.1 200 '],
    ['HTTP/1.1 299 X', 'HTTP/1.1 299 X'],
    ['HTTP/1.1 799 X', 'HTTP/1.1 799 X'],
    ['HTTP/1.0 404 Not Found', 'HTTP/1.1 404 Not Found'],
  ]
  for (const [sent, expected] of table) {
    const rig = await Rig.start(t, { serve: answering(() => `${sent}\r\nContent-Length: 0\r\n\r\n`) })
    const client = await rig.connect()
    client.sends(get())
    t.equal((await client.readsMessage()).line, expected)
  }
})

t.test('the service edits heads in both directions', async (t) => {
  const rig = await Rig.start(t, {
    onRequest: (exchange, rig) => {
      exchange.request.remove('x-gone')
      exchange.request.add('X-Added', 'up')
      exchange.forward(rig.endpoint)
    },
    onResponse: (_exchange, head) => {
      head.remove('x-gone')
      head.add('X-Added', 'down')
    },
    serve: answering((request) => response(request.fields.slice(1).join('|'), '200 OK', 'X-Gone: 1\r\n')),
  })
  const client = await rig.connect()
  client.sends(get('/', 'X-Gone: 1\r\nX: y\r\n'))
  const answer = await client.readsMessage()
  t.equal(answer.body, 'X: y|X-Added: up')
  t.strictSame([values(answer, 'x-gone'), values(answer, 'x-added')], [[], ['down']])
})

t.test('an answer of the service has a length, a Date, and no body for HEAD, 204 and 304', async (t) => {
  const rig = await Rig.start(t, {
    onRequest: (exchange) => exchange.reply(Number(exchange.request.target.slice(1)), 'X: y\r\n', 'h\u00e9'),
  })
  const client = await rig.connect()
  client.sends(get('/200'))
  const whole = await client.readsMessage()
  t.strictSame([whole.body, values(whole, 'content-length'), values(whole, 'x')], ['h\xc3\xa9', ['3'], ['y']])
  t.equal(values(whole, 'date').length, 1)
  client.sends(get('/200').replace('GET', 'HEAD'))
  t.strictSame(values(await client.readsMessage('HEAD'), 'content-length'), ['3'])
  client.sends(get('/204'))
  t.strictSame(values(await client.readsMessage(), 'content-length'), [])
  client.sends(get('/304'))
  t.equal((await client.readsMessage()).status, 304)
  client.sends(get('/200'))
  t.equal((await client.readsMessage()).body, 'h\xc3\xa9')
})
