import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { Agent, request } from 'undici'
import { Rig } from './support/rig.ts'
import { within } from './support/within.ts'

// Clients and servers that no one here wrote: curl, fetch, undici and node:http.

const curlVersion = /^curl (\S+)/.exec(
  spawnSync('curl', ['--version'], { encoding: 'utf8' }).stdout ?? '',
)?.[1]
const withoutCurl = curlVersion === undefined ? { skip: 'curl is not installed' } : {}

interface Curled {
  readonly code: number
  readonly out: string
  readonly trace: string
}

async function curl(args: string[], input: string | Buffer = ''): Promise<Curled> {
  const child = spawn('curl', ['--silent', '--show-error', '--verbose', '--max-time', '20', ...args])
  let out = ''
  let trace = ''
  child.stdout.setEncoding('latin1').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('latin1').on('data', (text: string) => (trace += text))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code] = (await within('curl exits', once(child, 'close'), 25_000)) as [number]
  return { code, out, trace }
}

/** A relay before a node:http server. */
async function before(
  t: Test,
  listener: http.RequestListener,
): Promise<{ rig: Rig; url: string; server: http.Server }> {
  const server = http.createServer(listener)
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  let endpoint: ReturnType<Rig['endpointTo']> | undefined
  const rig = await Rig.start(t, {
    onRequest: (exchange, rig) =>
      exchange.forward((endpoint ??= rig.endpointTo((server.address() as AddressInfo).port))),
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { rig, url: `http://127.0.0.1:${rig.port}`, server }
}

/** Answers with what came: method, target, and length and digest of the body. */
const describing: http.RequestListener = (request, response) => {
  const digest = createHash('sha256')
  let length = 0
  request.on('data', (chunk: Buffer) => {
    digest.update(chunk)
    length += chunk.length
  })
  request.on('end', () => {
    response.setHeader('X-Trailers', JSON.stringify(request.trailers))
    response.end(`${request.method} ${request.url} ${length} ${digest.digest('hex').slice(0, 8)}`)
  })
}
const digestOf = (bytes: string | Buffer): string =>
  createHash('sha256').update(bytes).digest('hex').slice(0, 8)

// ── curl ──────────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('curl: GET, several on one connection', withoutCurl, async (t) => {
  const { rig, url } = await before(t, describing)
  const { code, out, trace } = await curl([`${url}/a`, `${url}/b?c=d`])
  t.equal(code, 0)
  t.equal(out, `GET /a 0 ${digestOf('')}GET /b?c=d 0 ${digestOf('')}`)
  t.match(trace, /Re-using existing connection/)
  t.equal(rig.begun.count, 2)
})

t.test('curl: POST, and PUT of standard input in chunks', withoutCurl, async (t) => {
  const { url } = await before(t, describing)
  t.equal((await curl(['--data-binary', 'hello', `${url}/p`])).out, `POST /p 5 ${digestOf('hello')}`)
  const big = Buffer.alloc(5_000_000, 'abcdefg')
  const { out, trace } = await curl(['--upload-file', '-', `${url}/up`], big)
  t.equal(out, `PUT /up ${big.length} ${digestOf(big)}`)
  t.match(trace, /Transfer-Encoding: chunked/)
})

t.test('curl: a large body with Expect: 100-continue', withoutCurl, async (t) => {
  const { url } = await before(t, describing)
  const big = Buffer.alloc(3_000_000, 'x')
  const { out, trace } = await curl(
    ['--header', 'Expect: 100-continue', '--data-binary', '@-', `${url}/e`],
    big,
  )
  t.equal(out, `POST /e ${big.length} ${digestOf(big)}`)
  t.match(trace, /< HTTP\/1\.1 100 Continue/)
})

t.test('curl: a refusal instead of 100, with the body unsent', withoutCurl, async (t) => {
  const { url, server } = await before(t, describing)
  server.on('checkContinue', (_request, response: http.ServerResponse) => {
    response.writeHead(413, { Connection: 'close' })
    response.end('too big')
  })
  const big = Buffer.alloc(3_000_000, 'x')
  const { code, out } = await curl(['--header', 'Expect: 100-continue', '--data-binary', '@-', url], big)
  t.strictSame([code, out], [0, 'too big'])
})

t.test('curl: HTTP/1.0, HEAD, ranges, compression', withoutCurl, async (t) => {
  const zipped = gzipSync('squeezed')
  const { url } = await before(t, (request, response) => {
    if (request.headers['accept-encoding'] === undefined) return describing(request, response)
    response.writeHead(200, { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' })
    response.end(zipped)
  })
  const old = await curl(['--http1.0', `${url}/old`])
  t.strictSame([old.code, old.out], [0, `GET /old 0 ${digestOf('')}`])
  const head = await curl(['--head', `${url}/head`])
  t.equal(head.code, 0)
  t.match(head.out, /^HTTP\/1\.1 200 OK\r\n/)
  const compressed = await curl(['--compressed', url])
  t.strictSame([compressed.code, compressed.out], [0, 'squeezed'])
})

t.test('curl: a response that is cut is an error, not a short answer', withoutCurl, async (t) => {
  const { url } = await before(t, (_request, response) => {
    response.writeHead(200)
    response.write('some')
    setTimeout(() => response.destroy(), 50)
  })
  const { code, out } = await curl([url])
  t.equal(out, 'some')
  t.ok([18, 56].includes(code), `curl says ${code}`)
  const old = await curl(['--http1.0', url])
  t.ok([18, 56].includes(old.code), `curl says ${old.code} on HTTP/1.0`)
})

t.test('curl: a WebSocket handshake that is refused, and trailers', withoutCurl, async (t) => {
  const { url } = await before(t, (_request, response) => {
    response.writeHead(200, { Trailer: 'X-Sum' })
    response.write('body')
    response.addTrailers({ 'X-Sum': '7' })
    response.end()
  })
  const { code, out } = await curl([
    '--include',
    '--header',
    'Connection: Upgrade',
    '--header',
    'Upgrade: websocket',
    url,
  ])
  t.equal(code, 0)
  t.match(out, /\r\n\r\nbody(?:.*\r\n)?X-Sum: 7/s)
})

// ── fetch and undici ──────────────────────────────────────────────────────────────────────────────────────────────

t.test('fetch: bodies of every kind, both ways', async (t) => {
  const { url } = await before(t, describing)
  t.equal(await (await fetch(`${url}/get`)).text(), `GET /get 0 ${digestOf('')}`)
  t.equal(
    await (await fetch(`${url}/s`, { method: 'POST', body: 'text' })).text(),
    `POST /s 4 ${digestOf('text')}`,
  )
  const big = Buffer.alloc(2_000_000, 'z')
  t.equal(
    await (await fetch(`${url}/b`, { method: 'PUT', body: big })).text(),
    `PUT /b ${big.length} ${digestOf(big)}`,
  )
  const stream = new ReadableStream({
    start(controller) {
      for (const part of ['one', 'two', 'three']) controller.enqueue(Buffer.from(part))
      controller.close()
    },
  })
  const streamed = await fetch(`${url}/c`, { method: 'POST', body: stream, duplex: 'half' } as RequestInit)
  t.equal(await streamed.text(), `POST /c 11 ${digestOf('onetwothree')}`)
  const head = await fetch(url, { method: 'HEAD' })
  t.strictSame([head.status, await head.text()], [200, ''])
})

t.test('fetch: two hundred at once are all answered, each with its own', async (t) => {
  const { rig, url } = await before(t, describing)
  const texts = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => (await fetch(`${url}/${i}`)).text()),
  )
  t.strictSame(
    texts,
    Array.from({ length: 200 }, (_, i) => `GET /${i} 0 ${digestOf('')}`),
  )
  t.ok(rig.ended.all.every((one) => one.outcome === 'ok'))
})

t.test('fetch: an abort in the middle of a response is a client that is gone', async (t) => {
  const { rig, url } = await before(t, (_request, response) => {
    response.write('first')
  })
  const controller = new AbortController()
  const response = await fetch(url, { signal: controller.signal })
  controller.abort()
  await t.rejects(response.text())
  const ended = await rig.ended.next()
  t.equal(ended.outcome, 'client-gone')
})

t.test('undici: pipelined requests are answered in order', async (t) => {
  const { url } = await before(t, describing)
  const dispatcher = new Agent({ pipelining: 10, connections: 1 })
  t.teardown(() => dispatcher.close())
  const answers = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => (await request(`${url}/${i}`, { dispatcher })).body.text()),
  )
  t.strictSame(
    answers,
    Array.from({ length: 50 }, (_, i) => `GET /${i} 0 ${digestOf('')}`),
  )
})

t.test('undici: trailers of a response arrive', async (t) => {
  const { url } = await before(t, (_request, response) => {
    response.writeHead(200, { Trailer: 'X-Sum' })
    response.write('body')
    response.addTrailers({ 'X-Sum': '7' })
    response.end()
  })
  const dispatcher = new Agent()
  t.teardown(() => dispatcher.close())
  const answer = await request(url, { dispatcher })
  t.equal(await answer.body.text(), 'body')
  t.strictSame(answer.trailers, { 'x-sum': '7' })
})

// ── node:http ─────────────────────────────────────────────────────────────────────────────────────────────────────

interface Answer {
  readonly response: http.IncomingMessage
  readonly body: string
}

async function ask(
  url: string,
  options: http.RequestOptions,
  send: (request: http.ClientRequest) => void,
): Promise<Answer> {
  const asking = http.request(url, options)
  send(asking)
  const [response] = (await within('a response', once(asking, 'response'))) as [http.IncomingMessage]
  let body = ''
  for await (const chunk of response) body += String(chunk)
  return { response, body }
}

t.test('node:http: an agent keeps its connection over many requests', async (t) => {
  const { rig, url } = await before(t, describing)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const ports = new Set<number | undefined>()
  for (let i = 0; i < 20; i++) {
    const { response, body } = await ask(`${url}/${i}`, { agent, method: 'POST' }, (asking) =>
      asking.end(`body ${i}`),
    )
    t.match(body, `POST /${i} `)
    ports.add(response.socket?.localPort)
  }
  t.equal(ports.size, 1)
  t.equal(rig.begun.count, 20)
})

t.test('node:http: 100 Continue, 103 Early Hints and the final status arrive in order', async (t) => {
  const { url, server } = await before(t, describing)
  server.on('checkContinue', (incoming: http.IncomingMessage, response: http.ServerResponse) => {
    response.writeContinue()
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    describing(incoming, response)
  })
  const seen: string[] = []
  const { body } = await ask(url, { method: 'POST', headers: { Expect: '100-continue' } }, (asking) => {
    asking.on('continue', () => {
      seen.push('continue')
      asking.end('hello')
    })
    asking.on('information', (info: http.InformationEvent) =>
      seen.push(`${info.statusCode} ${String(info.headers['link'] ?? '')}`),
    )
    asking.flushHeaders()
  })
  t.strictSame(
    seen,
    ['continue', '100 ', '103 </style.css>; rel=preload'].filter((one) => seen.includes(one)),
  )
  t.ok(seen.includes('continue') && seen.some((one) => one.startsWith('103')), seen.join())
  t.equal(body, `POST / 5 ${digestOf('hello')}`)
})

t.test('node:http: trailers cross both ways', async (t) => {
  const { url } = await before(t, (incoming, response) => {
    incoming.resume()
    incoming.on('end', () => {
      response.writeHead(200, { Trailer: 'X-Back' })
      response.write('body')
      response.addTrailers({ 'X-Back': incoming.trailers['x-there'] as string })
      response.end()
    })
  })
  const { response } = await ask(url, { method: 'POST', headers: { Trailer: 'X-There' } }, (asking) => {
    asking.write('body')
    asking.addTrailers({ 'X-There': 'and back' })
    asking.end()
  })
  t.strictSame(response.trailers, { 'x-back': 'and back' })
})

t.test('node:http: an upgrade reaches the server, with the bytes that came early', async (t) => {
  const { url, server } = await before(t, describing)
  server.on('upgrade', (_incoming, socket, early: Buffer) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhi ')
    socket.write(early)
    socket.pipe(socket)
  })
  const asking = http.request(url, { headers: { Connection: 'Upgrade', Upgrade: 'echo' } })
  asking.end()
  const [, socket, first] = (await within('an upgrade', once(asking, 'upgrade'))) as [
    unknown,
    http.IncomingMessage['socket'],
    Buffer,
  ]
  let text = first.toString()
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  socket.end('there')
  await within('the echo ends', once(socket, 'end'))
  t.equal(text, 'hi there')
})

t.test('node:http: a response of 50 MB that is read slowly arrives whole', async (t) => {
  const block = Buffer.alloc(1_000_000, 'b')
  const { url } = await before(t, (_incoming, response) => {
    Readable.from(Array.from({ length: 50 }, () => block)).pipe(response)
  })
  const asking = http.get(url)
  const [response] = (await once(asking, 'response')) as [http.IncomingMessage]
  let length = 0
  for await (const chunk of response) {
    length += (chunk as Buffer).length
    if (length % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal(length, 50_000_000)
})
