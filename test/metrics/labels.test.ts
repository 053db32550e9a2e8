import { KNOWN_METHODS, OUTCOMES } from '@pilotlight/service'
import { COLD_START_STEPS } from '@pilotlight/telemetry'
import { FAILURES } from '@pilotlight/relay'
import { connect } from 'node:net'
import t from 'tap'
import { within } from '../conformance/support/within.ts'
import { HOST } from '../integration/support/stage.ts'
import { type Page, Pair } from '../grafana/support/pair.ts'

/** Every label that there may be, and what it may say. */
/** Reasons of refusals, of both services. */
const REFUSALS = [
  'revision-full',
  'namespace-full',
  'process-full',
  'no-instance',
  'queue-timeout',
  'malformed',
  'connections',
  'queue-full',
  'busy',
]
const ALLOWED: Readonly<Record<string, readonly string[] | RegExp | undefined>> = {
  otel_scope_name: [
    'go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp',
    'knative.dev/serving/pkg/activator',
    'knative.dev/serving/pkg/queue',
    'pilotlight/activator',
    'pilotlight/queue-proxy',
  ],
  otel_scope_version: ['', '0.69.0'],
  otel_scope_schema_url: [''],
  http_request_method: KNOWN_METHODS,
  http_response_status_code: /^(?:0|[1-5]\d\d)$/,
  url_scheme: ['http'],
  network_protocol_name: ['http'],
  network_protocol_version: ['1.0', '1.1', '2.0'],
  server_address: ['127.0.0.1'],
  server_port: /^\d+$/,
  error_type: OUTCOMES,
  outcome: [...OUTCOMES, 'served', 'abandoned', 'failed'],
  phase: COLD_START_STEPS,
  reason: [...Object.keys(FAILURES), '_OTHER', ...REFUSALS],
  k8s_namespace_name: ['default'],
  kn_service_name: ['hello-00001', 'hello'],
  kn_configuration_name: ['hello-00001', 'hello'],
  kn_revision_name: ['hello-00001'],
  // A tag is what the activator found; whoever reaches the sidecar can say one, and it keeps 64 of them.
  kn_route_tag: /^.{1,63}$/,
  peer: ['autoscaler'],
  protocol: ['http1', 'h2c'],
  state: ['idle', 'draining', 'drained'],
  nodejs_eventloop_state: ['active', 'idle'],
  version: [process.version],
  le: /^(?:[\d.]+|\+Inf)$/,
}
/** 64 tags, what comes after them, and the names for none. */
const TAGS_MAX = 68

/** Labels that are not allowed, with what they say. */
function notAllowed(page: Page): string[] {
  const found = new Set<string>()
  for (const { name, samples } of page.values()) {
    // Who we are, from our own environment.
    if (name === 'target_info') continue
    for (const { labels } of samples)
      for (const [label, value] of Object.entries(labels)) {
        const allowed = ALLOWED[label]
        if (allowed instanceof RegExp ? !allowed.test(value) : !(allowed ?? []).includes(value))
          found.add(`${name}: ${label}=${value}`)
      }
  }
  return [...found]
}

/** Sends bytes on a connection of their own. Resolves when it is over, however that is. */
function throwAt(port: number, bytes: string): Promise<void> {
  const over = new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.resume()
  })
  return within(`an end of ${JSON.stringify(bytes.slice(0, 60))}`, over)
}

/** Heads that try to become labels: by method, target, version, host and fields. */
function heads(): string[] {
  const fields = (i: number): string[] => [
    `Host: ${HOST}`,
    `Knative-Serving-Tag: tag-${i}`,
    `Knative-Serving-Tag: ${'long'.repeat(40)}${i}`,
    `K-Original-Host: evil-${i}.example`,
    `X-Forwarded-Host: evil-${i}.example\r\nX-Forwarded-Proto: evil${i}\r\nX-Forwarded-For: 10.0.0.${i}`,
    `User-Agent: evil-${i}"} 1\r\nX-Request-Id: evil-${i}\r\nbaggage: a=${i}\r\ntraceparent: 00-${String(i).padStart(32, '1')}-1234567890123456-01`,
    `Knative-Serving-Namespace: evil-${i}\r\nKnative-Serving-Revision: evil-${i}`,
    `grpc-timeout: ${i}m\r\nContent-Type: application/grpc-evil${i}`,
    `Prefer: evil-${i}\r\nPriority: u=${i}`,
  ]
  const sent: string[] = []
  const add = (line: string, ...more: string[]): void => {
    sent.push(`${[line, ...more].join('\r\n')}\r\nConnection: close\r\n\r\n`)
  }
  for (let i = 0; i < 30; i++) {
    const field = fields(i)[i % fields(i).length]
    add(`EVIL${i} /${i} HTTP/1.1`, `Host: ${HOST}`)
    add(`GET /evil-${i}"}{a="b?${i} HTTP/1.1`, `Host: ${HOST}`, ...(field.startsWith('Host') ? [] : [field]))
    add(`GET http://evil-${i}.example/ HTTP/1.1`, `Host: evil-${i}.example`)
    add(`GET / HTTP/1.${i % 10}`, `Host: ${HOST}`)
    add(
      `POST /status/${100 + ((i * 37) % 500)} HTTP/1.1`,
      `Host: ${HOST}`,
      'Content-Length: 0',
      field.replace(/^Host.*/, 'X: y'),
    )
    add(`${['get', 'Get', 'M-SEARCH', '!#$%'][i % 4]} * HTTP/1.0`, `Host: ${HOST}`)
    add(`GET / HTTP/1.1`, `Host: ${HOST}`, `Bad Field${i}: x`)
  }
  for (let i = 0; i < 80; i++) add('GET / HTTP/1.1', `Host: ${HOST}`, `Knative-Serving-Tag: many-${i}`)
  return sent
}

t.test('nothing that a client says becomes a label of either service', async (t) => {
  const pair = await Pair.start(t)
  const { app, stage, queueProxy } = pair
  // What the app says is a label only where it is a status.
  app.answering = (request, response) => {
    const asked = /^\/status\/(\d+)$/.exec(request.url!)
    const status = asked === null ? 200 : Number(asked[1])
    response.writeHead(status < 200 ? 299 : status, { 'X-Evil': request.url!.slice(0, 20) }).end()
  }
  await pair.coldStart(1)
  const sent = heads()
  for (const port of [stage.port, queueProxy.ports['main']])
    for (let i = 0; i < sent.length; i += 20)
      await Promise.all(sent.slice(i, i + 20).map((head) => throwAt(port, head)))
  const pages = await pair.pages()
  for (const page of pages) {
    t.strictSame(notAllowed(page), [])
    const methods = page
      .get('http_server_request_duration_seconds')!
      .samples.map(({ labels }) => labels['http_request_method'])
    t.ok(methods.includes('_OTHER'), 'they arrived')
  }
  const tags = pages[1]
    .get('http_server_request_duration_seconds')!
    .samples.map(({ labels }) => labels['kn_route_tag'])
  t.ok(new Set(tags).size <= TAGS_MAX, `${new Set(tags).size} tags`)
})

t.test('what is not allowed is found', async (t) => {
  const sample = (labels: Record<string, string>) => ({ name: 'x', labels, value: 1 })
  const samples = [
    sample({ reason: 'busy' }),
    sample({ reason: 'evil' }),
    sample({ host: 'a' }),
    sample({ le: 'x' }),
  ]
  const page = new Map([['x', { name: 'x', help: '', type: 'counter', samples }]])
  t.strictSame(notAllowed(page), ['x: reason=evil', 'x: host=a', 'x: le=x'])
})
