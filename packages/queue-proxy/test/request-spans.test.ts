import { DEFAULT_BATCHING, type Sampling, Tracing } from '@pilotlight/telemetry'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { RequestSpans, type RequestTraceFacts } from '../src/request-spans.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const ALWAYS: Sampling = { kind: 'always', ratio: 1, followsParent: false }

interface Line {
  readonly name: string
  readonly kind: string
  readonly scope: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly status: string
  readonly attributes: Record<string, unknown>
}

const unexpected = (): void => void t.fail('nothing is exported over the network')

async function setUp(sampling: Sampling = ALWAYS) {
  let text = ''
  // All spans of a test wait for its end.
  const settings = {
    ...DEFAULT_BATCHING,
    batchMax: 2048,
    protocol: 'stdout',
    endpoint: '',
    sampling,
  } as const
  const events = { onExportFailing: unexpected, onExportRecovered: unexpected }
  const tracing = await Tracing.start(settings, {}, events, (more) => (text += more))
  /** Spans by name, in the order of their end. */
  const finish = async (): Promise<Map<string, Line>> => {
    await tracing.stop()
    const lines = text.split('\n').filter((line) => line !== '')
    return new Map(lines.map((line) => JSON.parse(line) as Line).map((line) => [line.name, line]))
  }
  return { tracing, finish }
}

const facts = (overrides: Partial<RequestTraceFacts> = {}): RequestTraceFacts => ({
  method: 'GET',
  target: '/a/b?secret=1',
  scheme: 'http',
  host: 'svc.ns.example.com:8080',
  userAgent: 'curl/8',
  peerAddress: '10.0.0.1',
  peerPort: 4321,
  isHttp2: false,
  routeTag: 'kn:disabled',
  traceparent: `00-${TRACE}-${SPAN}-01`,
  tracestate: 'v=1',
  baggage: '',
  isAnyProbe: false,
  isKubeletProbe: false,
  ...overrides,
})

t.test('with a limit there are four spans, each below the other', async (t) => {
  const { tracing, finish } = await setUp()
  const spans = new RequestSpans(tracing, facts())
  spans.onWaiting()
  spans.onGranted()
  const outgoing = spans.onForward('127.0.0.1', 8080)
  spans.onResponse(200)
  spans.onDone('ok', 200)
  const lines = await finish()
  t.strictSame([...lines.keys()], ['kn.queueproxy.wait', 'HTTP GET', 'kn.queueproxy.proxy', 'GET'])
  const [wait, client, proxy, server] = lines.values()
  t.match(server, {
    kind: 'server',
    scope: 'go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp',
    traceId: TRACE,
    parentSpanId: SPAN,
    traceState: 'v=1',
    status: 'unset',
  })
  t.strictSame(server.attributes, {
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'url.path': '/a/b',
    'network.protocol.name': 'http',
    'network.protocol.version': '1.1',
    'network.peer.address': '10.0.0.1',
    'network.peer.port': 4321,
    'server.address': 'svc.ns.example.com',
    'server.port': 8080,
    'user_agent.original': 'curl/8',
    'kn.route.tag': 'kn:disabled',
    'http.response.status_code': 200,
  })
  t.match(proxy, { kind: 'internal', scope: 'knative.dev/serving/pkg/queue', parentSpanId: server.spanId })
  t.match(wait, { kind: 'internal', scope: 'knative.dev/serving/pkg/queue', parentSpanId: proxy.spanId })
  t.match(client, { kind: 'client', parentSpanId: wait.spanId, traceId: TRACE, status: 'unset' })
  t.strictSame(client.attributes, {
    'http.request.method': 'GET',
    'server.address': '127.0.0.1',
    'server.port': 8080,
    'http.response.status_code': 200,
  })
  t.strictSame(outgoing, { traceparent: `00-${TRACE}-${client.spanId}-01`, tracestate: 'v=1', baggage: '' })
})

t.test('without a limit there are three', async (t) => {
  const { tracing, finish } = await setUp()
  const spans = new RequestSpans(tracing, facts({ traceparent: '', method: 'PROPFIND' }))
  spans.onForward('127.0.0.1', 8080)
  spans.onDone('ok', 200)
  const lines = await finish()
  t.strictSame([...lines.keys()], ['HTTP _OTHER', 'kn.queueproxy.proxy', 'HTTP'])
  const [client, proxy, server] = lines.values()
  t.equal(client.parentSpanId, proxy.spanId)
  t.notOk('parentSpanId' in server)
  t.match(server.attributes, { 'http.request.method': '_OTHER', 'http.request.method_original': 'PROPFIND' })
})

t.test('a wait that was in vain ends as an error', async (t) => {
  const { tracing, finish } = await setUp()
  const spans = new RequestSpans(tracing, facts())
  spans.onWaiting()
  spans.onDone('refused', 503)
  const lines = await finish()
  t.strictSame([...lines.keys()], ['kn.queueproxy.wait', 'kn.queueproxy.proxy', 'GET'])
  t.match(lines.get('kn.queueproxy.wait'), { status: 'error', attributes: { 'error.type': 'refused' } })
  t.match(lines.get('GET'), { status: 'error', attributes: { 'http.response.status_code': 503 } })
})

t.test('a status is an error for a client from 400 on, for a server from 500 on', async (t) => {
  for (const [status, server, client] of [
    [399, 'unset', 'unset'],
    [400, 'unset', 'error'],
    [499, 'unset', 'error'],
    [500, 'error', 'error'],
  ] as const) {
    const { tracing, finish } = await setUp()
    const spans = new RequestSpans(tracing, facts())
    spans.onForward('127.0.0.1', 8080)
    spans.onResponse(status)
    spans.onDone('ok', status)
    const lines = await finish()
    t.equal(lines.get('GET')!.status, server, `server, ${status}`)
    t.equal(lines.get('HTTP GET')!.status, client, `client, ${status}`)
  }
})

t.test('a client that left is no error of the server', async (t) => {
  const { tracing, finish } = await setUp()
  const spans = new RequestSpans(tracing, facts())
  spans.onForward('127.0.0.1', 8080)
  spans.onDone('client-gone', 0)
  const lines = await finish()
  t.match(lines.get('GET'), {
    status: 'unset',
    attributes: { 'http.response.status_code': 499, 'error.type': 'client-gone' },
  })
  t.equal(lines.get('HTTP GET')!.status, 'error')
})

t.test('an upgraded connection ends well, however it ends', async (t) => {
  const { tracing, finish } = await setUp()
  const spans = new RequestSpans(tracing, facts())
  spans.onForward('127.0.0.1', 8080)
  spans.onResponse(101)
  spans.onDone('client-gone', 101)
  for (const { name, status, attributes } of (await finish()).values()) {
    t.equal(status, 'unset', name)
    t.notOk('error.type' in attributes, name)
  }
})

t.test('a second attempt has a span of its own', async (t) => {
  const { tracing, finish } = await setUp()
  const spans = new RequestSpans(tracing, facts())
  spans.onWaiting()
  const first = spans.onForward('127.0.0.1', 8080)
  const second = spans.onForward('127.0.0.1', 8080)
  t.not(first.traceparent, second.traceparent)
  spans.onResponse(200)
  spans.onDone('ok', 200)
  const lines = await finish()
  t.equal(lines.size, 4, 'two of them have one name')
  t.ok(second.traceparent.includes(lines.get('HTTP GET')!.spanId))
  t.equal(lines.get('HTTP GET')!.status, 'unset')
})

t.test('a probe that goes to the app has no server span and a trace of its own', async (t) => {
  const { tracing, finish } = await setUp()
  const spans = new RequestSpans(tracing, facts({ isAnyProbe: true }))
  spans.onWaiting()
  const { traceparent, tracestate } = spans.onForward('127.0.0.1', 8080)
  spans.onDone('ok', 200)
  const lines = await finish()
  t.strictSame([...lines.keys()], ['kn.queueproxy.wait', 'HTTP GET', 'kn.queueproxy.proxy'])
  t.notOk('parentSpanId' in lines.get('kn.queueproxy.proxy')!)
  t.not(lines.get('HTTP GET')!.traceId, TRACE)
  t.ok(traceparent.includes(lines.get('HTTP GET')!.spanId))
  t.equal(tracestate, '', 'which is not that of the caller')
})

t.test("a kubelet's probe has the span towards the app only", async (t) => {
  const { tracing, finish } = await setUp()
  const spans = new RequestSpans(tracing, facts({ isAnyProbe: true, isKubeletProbe: true }))
  spans.onForward('127.0.0.1', 8080)
  spans.onResponse(200)
  spans.onDone('ok', 200)
  t.strictSame([...(await finish()).keys()], ['HTTP GET'])
})

t.test('a trace that nobody records goes on all the same', async (t) => {
  const { tracing, finish } = await setUp({ kind: 'ratio', ratio: 0.5, followsParent: true })
  const spans = new RequestSpans(
    tracing,
    facts({ traceparent: `00-${TRACE}-${SPAN}-02`, tracestate: ' v=1,,w=2 ' }),
  )
  spans.onWaiting()
  spans.onGranted()
  const outgoing = spans.onForward('127.0.0.1', 8080)
  spans.onResponse(500)
  spans.onDone('ok', 500)
  t.notOk(spans.server.isNewTrace)
  t.match(outgoing.traceparent, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-02$`))
  t.notOk(outgoing.traceparent.includes(SPAN))
  t.equal(outgoing.tracestate, 'v=1,w=2')
  t.equal((await finish()).size, 0)
})

t.test('a context that is broken begins a new trace', async (t) => {
  const { tracing, finish } = await setUp()
  const spans = new RequestSpans(
    tracing,
    facts({ traceparent: `00-${TRACE}-${SPAN}`, tracestate: 'v=1', baggage: 'é' }),
  )
  const { traceparent, tracestate, baggage } = spans.onForward('127.0.0.1', 8080)
  spans.onDone('ok', 200)
  t.notOk(traceparent.includes(TRACE))
  t.equal(tracestate, '')
  t.ok(spans.server.isNewTrace)
  t.equal(baggage, '')
  const server = (await finish()).get('GET')!
  t.notOk('parentSpanId' in server)
  t.notOk('traceState' in server)
})

t.test('the random flag and a valid baggage go on', async (t) => {
  const { tracing, finish } = await setUp()
  const spans = new RequestSpans(
    tracing,
    facts({ traceparent: `00-${TRACE}-${SPAN}-ff`, baggage: ' a=1 , b=2;p' }),
  )
  const { traceparent, baggage } = spans.onForward('127.0.0.1', 8080)
  spans.onDone('ok', 200)
  t.match(traceparent, /-03$/)
  t.equal(baggage, 'a=1,b=2;p')
  await finish()
})

t.test('hosts with and without ports', async (t) => {
  for (const [host, address, port] of [
    ['example.com', 'example.com', undefined],
    ['[::1]', '[::1]', undefined],
    ['[::1]:80', '[::1]', 80],
    ['', '', undefined],
    ['a:', 'a:', undefined],
  ] as const) {
    const { tracing, finish } = await setUp()
    new RequestSpans(tracing, facts({ host })).onDone('ok', 200)
    const { attributes } = (await finish()).get('GET')!
    t.equal(attributes['server.address'], address)
    t.equal(attributes['server.port'], port)
  }
})

t.test('spans that wait do not keep the heads of their requests', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { tracing, finish } = await setUp()
  collect()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 200; i++) {
    // As of a head: one text on the heap, and everything that is known of it is a piece of it.
    const head = Buffer.alloc(1 << 19, 'x').toString('latin1')
    const piece = (length: number): string => head.slice(i, i + length)
    const spans = new RequestSpans(
      tracing,
      facts({
        method: piece(40),
        target: piece(400_000),
        host: piece(40),
        userAgent: piece(50),
        routeTag: piece(30),
        tracestate: `x=${piece(40)}`,
      }),
    )
    spans.onForward('127.0.0.1', 8080)
    spans.onDone('ok', 200)
  }
  collect()
  const grown = process.memoryUsage().heapUsed - before
  t.ok(grown < 20e6, `${grown} bytes for 200 requests with heads of 512 KiB`)
  await finish()
})
