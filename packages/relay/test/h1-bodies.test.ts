import t from 'tap'
import type { H1Downstream } from '../src/h1-downstream.ts'
import { answering, response } from './support/origin.ts'
import { type Message, values } from './support/peer.ts'
import { get, post, Rig } from './support/rig.ts'
import { turns, until } from './support/within.ts'

const chunked = (target: string, chunks: string, fields = ''): string =>
  `POST ${target} HTTP/1.1\r\nHost: a.test\r\n${fields}Transfer-Encoding: chunked\r\n\r\n${chunks}`

/** Text that shows where it was cut or mixed up. */
function numbered(length: number): string {
  let text = ''
  for (let i = 0; text.length < length; i++) text += `${i},`
  return text.slice(0, length)
}

// ── requests ──────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('a request body arrives as it was framed, whatever its size', async (t) => {
  const requests: Message[] = []
  const rig = await Rig.start(t, {
    serve: answering((request) => {
      requests.push(request)
      return response(String(request.body.length))
    }),
  })
  const client = await rig.connect()
  for (const size of [0, 1, 2047, 2048, 2049, 65_535, 65_536, 65_537, 1_000_000]) {
    const body = numbered(size)
    client.sends(post(body))
    t.equal((await client.readsMessage()).body, String(size))
    const withLength = requests.pop()!
    t.equal(withLength.body, body)
    t.strictSame(values(withLength, 'content-length'), [String(size)])

    client.sends(chunked('/', size === 0 ? '0\r\n\r\n' : `${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`))
    t.equal((await client.readsMessage()).body, String(size))
    const inChunks = requests.pop()!
    t.equal(inChunks.body, body)
    t.strictSame(values(inChunks, 'transfer-encoding'), ['chunked'])
    t.strictSame(values(inChunks, 'content-length'), [])
  }
})

t.test('many small chunks, with extensions and leading zeros, are one body', async (t) => {
  const rig = await Rig.start(t, { serve: answering((request) => response(request.body)) })
  const client = await rig.connect()
  const body = numbered(3000)
  const chunks = body
    .split('')
    .map((character) => `0001;x="y"\r\n${character}\r\n`)
    .join('')
  client.sends(chunked('/', `${chunks}000\r\n\r\n`))
  const refused = await client.readsMessage()
  t.equal(refused.status, 400, 'extensions count against their limit')
  const again = await rig.connect()
  again.sends(
    chunked(
      '/',
      `${body
        .split('')
        .map((character) => `001\r\n${character}\r\n`)
        .join('')}00\r\n\r\n`,
    ),
  )
  t.equal((await again.readsMessage()).body, body)
})

t.test('a request without a body has none upstream', async (t) => {
  const rig = await Rig.start(t, { serve: answering((request) => response(request.fields.join('|'))) })
  const client = await rig.connect()
  client.sends(get())
  t.equal((await client.readsMessage()).body, 'Host: a.test')
  client.sends('POST / HTTP/1.1\r\nHost: a.test\r\n\r\n')
  t.equal((await client.readsMessage()).body, 'Host: a.test|Content-Length: 0')
})

t.test('request trailers cross', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(chunked('/', '2\r\nab\r\n0\r\nX-Sum: 7\r\nX-Sum: 8\r\n\r\n', 'Trailer: X-Sum\r\n'))
  const origin = await rig.origin.accepts()
  const request = await origin.readsMessage()
  t.strictSame(request.trailers, ['X-Sum: 7', 'X-Sum: 8'])
  t.strictSame(values(request, 'trailer'), ['X-Sum'])
  origin.sends(response('ok'))
  await client.readsMessage()
})

t.test('request trailers that come after the dispatch cross too', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(chunked('/', '2\r\nab\r\n'))
  const origin = await rig.origin.accepts()
  await origin.readsThrough('2\r\nab\r\n')
  client.sends('0\r\nX-Sum: 7\r\n\r\n')
  await origin.readsThrough('0\r\nX-Sum: 7\r\n\r\n')
  origin.sends(response('ok'))
  t.equal((await client.readsMessage()).body, 'ok')
})

t.test('a field that Connection names does not cross as a trailer either', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(chunked('/', '0\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n', 'Connection: x-hop\r\n'))
  const origin = await rig.origin.accepts()
  t.strictSame((await origin.readsMessage()).trailers, ['X-End: 2'])
  origin.sends(
    'HTTP/1.1 200 OK\r\nConnection: x-hop\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n',
  )
  t.strictSame((await client.readsMessage()).trailers, ['X-End: 2'])
})

t.test('TE: trailers crosses, other codings of TE do not', async (t) => {
  const rig = await Rig.start(t, { serve: answering((request) => response(values(request, 'te').join('|'))) })
  const client = await rig.connect()
  client.sends(get('/', 'TE: gzip, trailers, deflate;q=0.5\r\nConnection: te\r\n'))
  t.equal((await client.readsMessage()).body, 'trailers')
  client.sends(get('/', 'TE: trailers\r\nConnection: TE\r\n'))
  t.equal((await client.readsMessage()).body, 'trailers')
  client.sends(get('/', 'TE: gzip\r\n'))
  t.equal((await client.readsMessage()).body, '')
})

// ── responses ─────────────────────────────────────────────────────────────────────────────────────────────────────

const SIZES = [0, 1, 2047, 2048, 2049, 65_535, 65_536, 65_537, 1_000_000]

t.test('a response body arrives as it was framed, whatever its size', async (t) => {
  const rig = await Rig.start(t, {
    serve: answering((request) => {
      const [, kind, size] = request.line.split(' ')[1].split('/')
      const body = numbered(Number(size))
      if (kind === 'length') return response(body)
      const data = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`
      return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${data}0\r\n\r\n`
    }),
  })
  const client = await rig.connect()
  for (const size of SIZES) {
    for (const kind of ['length', 'chunked']) {
      client.sends(get(`/${kind}/${size}`))
      const answer = await client.readsMessage()
      t.equal(answer.body, numbered(size), `${kind} ${size}`)
      t.strictSame(values(answer, kind === 'length' ? 'transfer-encoding' : 'content-length'), [])
    }
  }
  t.equal(rig.origin.accepted.count, 1)
})

t.test('a response that ends with the connection is sent in chunks and ends cleanly', async (t) => {
  for (const size of SIZES) {
    const rig = await Rig.start(t, {
      serve: async (peer) => {
        await peer.readsMessage()
        peer.sends(`HTTP/1.1 200 OK\r\n\r\n${numbered(size)}`)
        peer.ends()
      },
    })
    const client = await rig.connect()
    client.sends(get())
    const answer = await client.readsMessage()
    t.strictSame(values(answer, 'transfer-encoding'), ['chunked'])
    t.equal(answer.body, numbered(size))
    client.sends(get())
    t.equal((await client.readsMessage()).body, numbered(size), 'the client connection goes on')
    t.equal(rig.endpoint.idleConnections, 0)
  }
})

t.test('an HTTP/1.0 client gets a chunked or endless response until the close', async (t) => {
  const rig = await Rig.start(t, {
    serve: answering(
      () => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n',
    ),
  })
  const client = await rig.connect()
  client.sends('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
  const answer = await client.readsMessage()
  t.strictSame(values(answer, 'transfer-encoding'), [])
  t.strictSame(values(answer, 'connection'), ['close'])
  t.equal(answer.body, 'abcde')
})

t.test('response trailers cross', async (t) => {
  const body =
    'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 7\r\n\r\n'
  const rig = await Rig.start(t, { serve: answering(() => body) })
  const client = await rig.connect()
  client.sends(get('/', 'TE: trailers\r\nConnection: TE\r\n'))
  const answer = await client.readsMessage()
  t.equal(answer.body, 'ab')
  t.strictSame(answer.trailers, ['X-Sum: 7'])
  t.strictSame(values(answer, 'trailer'), ['X-Sum'])
})

t.test('HEAD, 204 and 304 have no body, and the fields that may speak of one', async (t) => {
  const table: [string, string, string, Record<string, string[]>][] = [
    ['HEAD', '200 OK', 'Content-Length: 5\r\n', { 'content-length': ['5'] }],
    ['HEAD', '200 OK', 'Transfer-Encoding: chunked\r\n', { 'content-length': [] }],
    ['HEAD', '200 OK', '', { 'content-length': [] }],
    ['GET', '204 No Content', '', { 'content-length': [], 'transfer-encoding': [] }],
    ['GET', '204 No Content', 'Content-Length: 0\r\n', { 'content-length': [] }],
    [
      'GET',
      '304 Not Modified',
      'Content-Length: 5\r\nETag: "x"\r\n',
      { 'content-length': ['5'], etag: ['"x"'] },
    ],
    ['GET', '304 Not Modified', 'Transfer-Encoding: chunked\r\n', { 'transfer-encoding': [] }],
  ]
  for (const [method, status, fields, expected] of table) {
    const rig = await Rig.start(t, {
      serve: async (peer) => {
        await peer.readsMessage()
        peer.sends(`HTTP/1.1 ${status}\r\n${fields}\r\n`)
        await peer.readsMessage()
        peer.sends(response('next'))
      },
    })
    const client = await rig.connect()
    client.sends(`${method} / HTTP/1.1\r\nHost: a.test\r\n\r\n`)
    const answer = await client.readsMessage(method)
    t.equal(answer.line, `HTTP/1.1 ${status}`)
    for (const [name, wanted] of Object.entries(expected)) {
      t.strictSame(values(answer, name), wanted, `${name} of ${method} ${status} with ${fields}`)
    }
    client.sends(get())
    t.equal((await client.readsMessage()).body, 'next', 'both connections go on')
    t.equal(rig.origin.accepted.count, 1)
  }
})

t.test('a response split anywhere is the same response', async (t) => {
  const whole =
    'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n' +
    'HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n'
  let cut = 1
  const rig = await Rig.start(t, {
    serve: async (peer) => {
      for (;;) {
        await peer.readsMessage()
        await peer.sendsWhole(whole.slice(0, cut))
        await turns(2)
        peer.sends(whole.slice(cut))
      }
    },
  })
  const client = await rig.connect()
  for (; cut < whole.length; cut++) {
    client.sends(get())
    const hint = await client.readsMessage()
    const answer = await client.readsMessage()
    t.strictSame([hint.line, hint.fields], ['HTTP/1.1 103 Early Hints', ['Link: <x>']], `hint cut at ${cut}`)
    t.strictSame([answer.body, answer.trailers], ['abcde', ['X: y']], `cut at ${cut}`)
  }
  t.equal(rig.origin.accepted.count, 1)
})

t.test('a response byte by byte is the same response', async (t) => {
  const rig = await Rig.start(t, {
    serve: async (peer) => {
      for (;;) {
        await peer.readsMessage()
        for (const byte of response('hello', '200 OK', 'X: y\r\n')) {
          await peer.sendsWhole(byte)
          await turns(1)
        }
      }
    },
  })
  const client = await rig.connect()
  for (let i = 0; i < 3; i++) {
    client.sends(get())
    t.equal((await client.readsMessage()).body, 'hello')
  }
})

// ── limits and refusals ───────────────────────────────────────────────────────────────────────────────────────────

t.test('heads of nearly 1 MiB cross in both directions', async (t) => {
  const big = (count: number): string =>
    Array.from({ length: count }, (_, i) => `X-${i}: ${'v'.repeat(1000)}\r\n`).join('')
  const rig = await Rig.start(t, {
    serve: answering((request) => response(String(request.fields.length), '200 OK', big(1000))),
  })
  const client = await rig.connect()
  for (let i = 0; i < 3; i++) {
    client.sends(get('/', big(1000)))
    const answer = await client.readsMessage()
    t.equal(answer.body, '1001')
    t.equal(answer.fields.length, 1002)
  }
})

t.test('a head that drips in costs time in proportion to its length', async (t) => {
  const rig = await Rig.start(t, { serve: answering(() => response('ok')) })
  const client = await rig.connect()
  client.sends('GET / HTTP/1.1\r\nHost: a.test\r\nX: ')
  // Were everything that came before copied for each piece, the last pieces would cost most.
  const costs: number[] = []
  for (let part = 0; part < 4; part++) {
    const before = process.cpuUsage()
    for (let i = 0; i < 500; i++) {
      await client.sendsWhole('x'.repeat(500))
      await turns(1)
    }
    const { user, system } = process.cpuUsage(before)
    costs.push((user + system) / 1000)
  }
  client.sends('\r\n\r\n')
  t.equal((await client.readsMessage()).body, 'ok')
  const last = costs.at(-1)!
  t.ok(
    last < 2 * Math.min(...costs) + 20,
    `CPU of each part: ${costs.map((ms) => ms.toFixed(0)).join(', ')} ms`,
  )
})

const REFUSED: [string, number, string][] = [
  ['a head that is too large', 431, get('/', `X: ${'v'.repeat(1024 * 1024)}\r\n`)],
  ['too many fields', 431, get('/', 'X: y\r\n'.repeat(4097))],
  ['a target that is too long', 414, get(`/${'t'.repeat(512 * 1024)}`)],
  ['an unknown transfer coding', 501, chunked('/', '').replace('chunked', 'gzip, chunked')],
  ['an unknown version', 505, get().replace('HTTP/1.1', 'HTTP/1.2')],
  ['an unknown expectation', 417, get('/', 'Expect: a-pony\r\n')],
  ['no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
  ['two Hosts', 400, get('/', 'Host: b.test\r\n')],
  ['length and coding at once', 400, chunked('/', '0\r\n\r\n', 'Content-Length: 3\r\n')],
  ['two lengths', 400, post('abc', '/', 'Content-Length: 3\r\n')],
  ['a length with a sign', 400, post('abc').replace('Length: 3', 'Length: +3')],
  ['chunked twice', 400, chunked('/', '0\r\n\r\n', 'Transfer-Encoding: chunked\r\n')],
  ['a coding on HTTP/1.0', 400, chunked('/', '0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0')],
  ['a space before a colon', 400, get('/', 'X : y\r\n')],
  ['a folded line', 400, get('/', 'X: y\r\n z\r\n')],
  ['a bare LF', 400, get().replaceAll('\r\n', '\n')],
  ['a bare CR', 400, get('/', 'X: a\rb\r\n')],
  ['a NUL', 400, get('/', 'X: a\0b\r\n')],
  ['garbage', 400, '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
]

for (const [what, status, bytes] of REFUSED) {
  t.test(`${what}: ${status}, close, and nothing reaches the origin`, async (t) => {
    const rig = await Rig.start(t)
    const client = await rig.connect()
    client.sends(`${bytes}${get('/smuggled')}`)
    const answer = await client.readsMessage()
    t.equal(answer.status, status)
    t.strictSame(values(answer, 'connection'), ['close'])
    t.strictSame(values(answer, 'proxy-status'), ['pilotlight; error=http_request_error'])
    t.equal(await client.readsToEnd(), '')
    t.strictSame([rig.begun.count, rig.origin.accepted.count, rig.refused.count], [0, 0, 1])
  })
}

const BROKEN_BODIES: [string, string][] = [
  ['a chunk size that is no number', 'xyz\r\nabc\r\n0\r\n\r\n'],
  ['a chunk size with a sign', '+3\r\nabc\r\n0\r\n\r\n'],
  ['a chunk size with 0x', '0x3\r\nabc\r\n0\r\n\r\n'],
  ['a chunk size beyond every number', 'fffffffffffffffff\r\nabc\r\n0\r\n\r\n'],
  ['a chunk longer than it says', '3\r\nabcd\r\n0\r\n\r\n'],
  ['a chunk that ends in LF', '3\r\nabc\n0\r\n\r\n'],
  ['a size line that ends in LF', '3\nabc\r\n0\r\n\r\n'],
  ['a negative size', '-1\r\nabc\r\n0\r\n\r\n'],
  ['a trailer that frames', '0\r\nContent-Length: 5\r\n\r\n'],
  ['a trailer that is no field', '0\r\nX y\r\n\r\n'],
]

for (const [what, body] of BROKEN_BODIES) {
  t.test(`a request hidden behind ${what} is not served, nor is what was broken`, async (t) => {
    const rig = await Rig.start(t)
    const client = await rig.connect()
    client.sends(chunked('/', body) + get('/hidden'))
    const answer = await client.readsMessage()
    t.equal(answer.status, 400)
    t.strictSame(values(answer, 'connection'), ['close'])
    t.equal(await client.readsToEnd(), '')
    t.strictSame([rig.begun.count, rig.origin.accepted.count, rig.refused.count], [0, 0, 1])
  })

  t.test(`${what}, when part of the request was sent already, cuts the upstream connection`, async (t) => {
    const rig = await Rig.start(t)
    const client = await rig.connect()
    client.sends(chunked('/', '2\r\nab\r\n'))
    const origin = await rig.origin.accepts()
    await origin.readsThrough('ab\r\n')
    client.sends(body + get('/hidden'))
    t.equal((await client.readsMessage()).status, 400)
    t.equal(await client.readsToEnd(), '')
    await origin.ending()
    t.notMatch(origin.unread, /0\r\n\r\n$/, 'the origin does not see an end of the body')
    t.notMatch(origin.unread, /hidden/)
    t.strictSame(
      [rig.begun.count, rig.ended.all[0].outcome, rig.ended.all[0].failure],
      [1, 'refused', 'request-refused'],
    )
  })
}

// ── broken responses ──────────────────────────────────────────────────────────────────────────────────────────────

const BAD_RESPONSES: [string, string][] = [
  ['no HTTP at all', 'hello\r\n\r\n'],
  ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['a status with two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  [
    'length and coding at once',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n'],
  ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'],
  ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ['a folded line', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n'],
  ['a head that is too large', `HTTP/1.1 200 OK\r\nX: ${'v'.repeat(1024 * 1024)}\r\n\r\n`],
]

for (const [what, bytes] of BAD_RESPONSES) {
  t.test(`a response with ${what} is answered with 502 and its connection is not used again`, async (t) => {
    const rig = await Rig.start(t)
    const client = await rig.connect()
    client.sends(get())
    const origin = await rig.origin.accepts()
    await origin.readsMessage()
    origin.sends(bytes)
    const answer = await client.readsMessage()
    t.equal(answer.status, 502)
    t.strictSame(values(answer, 'proxy-status'), ['pilotlight; error=http_protocol_error'])
    await origin.ending()
    t.strictSame(
      [rig.ended.all[0].outcome, rig.ended.all[0].failure],
      ['upstream-failed', 'response-refused'],
    )
    client.sends(get())
    const second = await rig.origin.accepts()
    await second.readsMessage()
    second.sends(response('good'))
    t.equal((await client.readsMessage()).body, 'good', 'the client connection goes on')
  })
}

const CUT_RESPONSES: [string, string, string][] = [
  ['with a length', 'Content-Length: 10\r\n', 'abc'],
  ['in chunks, between two', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n'],
  ['in chunks, inside one', 'Transfer-Encoding: chunked\r\n', '8\r\nabc'],
  ['in chunks, inside the trailers', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\nX: y\r\n'],
  ['in chunks that break a rule', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\nzz\r\n'],
]

for (const [what, fields, body] of CUT_RESPONSES) {
  for (const version of ['HTTP/1.1', 'HTTP/1.0']) {
    t.test(`a response ${what} that is cut never looks whole to a client of ${version}`, async (t) => {
      const rig = await Rig.start(t)
      const client = await rig.connect()
      client.sends(get().replace('HTTP/1.1', version))
      const origin = await rig.origin.accepts()
      await origin.readsMessage()
      await origin.sendsWhole(`HTTP/1.1 200 OK\r\n${fields}\r\n${body}`)
      if (!body.includes('zz')) {
        await client.readsHead()
        origin.closes()
      }
      t.equal(await client.ending(), 'reset')
      t.notMatch(client.unread, /\r\n0\r\n/)
      t.strictSame(
        [rig.ended.all[0].outcome, rig.ended.all[0].failure],
        ['upstream-failed', 'response-incomplete'],
      )
    })
  }
}

t.test('a response cut in the same read as its head never looks whole', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  origin.sends('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n')
  t.equal(await client.ending(), 'reset')
  t.equal(rig.ended.all[0].failure, 'response-incomplete')
})

t.test('bytes behind a response answer no request: the connection is not used again', async (t) => {
  const bodies = [
    'Content-Length: 2\r\n\r\nok',
    'Content-Length: 0\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  ]
  for (const body of bodies) {
    const rig = await Rig.start(t)
    const client = await rig.connect()
    client.sends(get())
    const first = await rig.origin.accepts()
    await first.readsMessage()
    first.sends(`HTTP/1.1 200 OK\r\n${body}${response('poison')}`)
    t.equal((await client.readsMessage()).status, 200)
    await first.ending()
    client.sends(get())
    const second = await rig.origin.accepts()
    await second.readsMessage()
    second.sends(response('good'))
    t.equal((await client.readsMessage()).body, 'good')
  }
})

t.test('bytes that come on an idle upstream connection answer no later request', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(get())
  const first = await rig.origin.accepts()
  await first.readsMessage()
  first.sends(response('one'))
  await client.readsMessage()
  first.sends(response('poison'))
  await first.ending()
  await until('the connection is given up', () => rig.endpoint.openConnections === 0)
  client.sends(get())
  const second = await rig.origin.accepts()
  await second.readsMessage()
  second.sends(response('good'))
  t.equal((await client.readsMessage()).body, 'good')
})

t.test(
  'a client that closes a large answer’s connection gets all of it first, however slowly it reads',
  async (t) => {
    const body = numbered(3_000_000)
    const rig = await Rig.start(t, { serve: answering(() => response(body)), relay: { lingerMs: 100 } })
    const client = await rig.connect()
    client.socket.pause()
    client.sends(get('/', 'Connection: close\r\n'))
    await rig.begun.reaches(1)
    for (let i = 0; i < 12; i++) {
      await new Promise((resolve) => setTimeout(resolve, 40))
      client.socket.resume()
      await client.receives(Math.min(client.receivedBytes + 100_000, body.length))
      client.socket.pause()
    }
    client.socket.resume()
    t.equal((await client.readsMessage()).body, body)
  },
)

t.test('a held body in chunks of one byte is bounded by what it costs, not by what it says', async (t) => {
  const rig = await Rig.start(t, { onRequest: () => {} })
  const client = await rig.connect()
  client.sends(chunked('/', '1\r\nx\r\n'.repeat(100_000)))
  const exchange = await rig.begun.next()
  const { socket } = exchange.downstream as H1Downstream
  await until('the relay stops reading', () => socket.isPaused())
  t.ok(exchange.bufferedChunks.length < 15_000, `${exchange.bufferedChunks.length} chunks are held`)
})

t.test('a buffer of the upstream connection that was sent at once is used again', async (t) => {
  const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n${'x'.repeat(5000)}\r\n0\r\n\r\n`
  const rig = await Rig.start(t, { serve: answering(() => answer) })
  const client = await rig.connect()
  client.sends(get())
  await client.readsMessage()
  const { socket } = (await rig.begun.next()).downstream as H1Downstream
  const buffers = new Set<ArrayBufferLike>()
  const write = socket.write.bind(socket)
  socket.write = ((data: string | Uint8Array, encoding: BufferEncoding) => {
    if (typeof data !== 'string') buffers.add(data.buffer)
    return write(data, encoding)
  }) as typeof socket.write
  for (let i = 0; i < 20; i++) {
    client.sends(get())
    await client.readsMessage()
  }
  t.equal(buffers.size, 1)
})
