// The way of one request, as a collector sees it that no one here wrote: client, activator, queue-proxy, app.
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { Events } from '../conformance/support/events.ts'
import { within } from '../conformance/support/within.ts'
import { addressOf, startQueueProxy } from '../integration/support/service-process.ts'
import { Stage } from '../integration/support/stage.ts'

const RECEIVER = process.env['OTLP_RECEIVER']
const skip =
  RECEIVER === undefined
    ? 'OTLP_RECEIVER names no program; .ci/run builds it from test/otlp/receiver, which takes Go'
    : false

/** The trace of a client, and its span. */
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CLIENT_SPAN = 'b7ad6b7169203331'

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
}

/** A span, and whose it is. */
interface Seen extends Span {
  readonly service: string
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] }
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[]
  }[]
}

async function startReceiver(
  t: Test,
): Promise<{ ports: { http: number; grpc: number }; exports: Events<Seen> }> {
  const child = spawn(RECEIVER!, { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = new Promise((resolve) => child.once('close', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const lines = new Events<string>('lines of the receiver')
  const exports = new Events<Seen>('spans')
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    if (lines.all.length > 1) for (const span of spansOf(JSON.parse(line) as Export)) exports.push(span)
  })
  return { ports: JSON.parse(await lines.next()) as { http: number; grpc: number }, exports }
}

function spansOf({ resourceSpans }: Export): Seen[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const name = resource.attributes.find(({ key }) => key === 'service.name')
    const service = name?.value.stringValue ?? ''
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })))
  })
}

/** An app that keeps the `traceparent` of its requests. */
async function startApp(t: Test): Promise<{ port: number; parents: Events<string> }> {
  const parents = new Events<string>('parents')
  const server = createServer((request, response) => {
    parents.push(String(request.headers['traceparent']))
    response.end('hello\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return { port: (server.address() as AddressInfo).port, parents }
}

for (const protocol of ['http/protobuf', 'grpc'] as const)
  t.test(`over ${protocol} each span hangs below the one before it`, { skip }, async (t) => {
    const { ports, exports } = await startReceiver(t)
    const endpoint =
      protocol === 'grpc' ? `http://127.0.0.1:${ports.grpc}` : `http://127.0.0.1:${ports.http}/v1/traces`
    const OBSERVABILITY_CONFIG = JSON.stringify({ tracing: { protocol, endpoint, samplingRate: 1 } })
    // So that spans are exported soon.
    const env = { OBSERVABILITY_CONFIG, OTEL_BSP_SCHEDULE_DELAY: '50' }
    const app = await startApp(t)
    const stage = await Stage.start(t, { env })
    const queueProxy = await startQueueProxy(t, app.port, {
      ...env,
      CONTAINER_CONCURRENCY: '5',
      OTEL_SERVICE_NAME: 'queue-proxy',
    })
    const sent = stage.send({ headers: { traceparent: `00-${TRACE}-${CLIENT_SPAN}-01` } })
    // It waits, and then an instance comes.
    await stage.instances(addressOf(queueProxy))
    await sent.answer
    const [, appTrace, appParent] = (await within('the app is asked', app.parents.next())).split('-')

    const find = (service: string, name: RegExp, parent?: string): Promise<Seen> =>
      exports.find(
        `${service} ${name.source}`,
        (span) =>
          span.service === service &&
          name.test(span.name) &&
          span.traceId === TRACE &&
          (parent === undefined || span.parentSpanId === parent),
      )
    const front = await find('activator', /^GET$/, CLIENT_SPAN)
    await find('activator', /^throttler_try$/, front.spanId)
    const passing = await find('activator', /^activator_proxy$/, front.spanId)
    const dispatch = await find('activator', /^GET \/$/, passing.spanId)
    const sidecar = await find('queue-proxy', /^GET$/, dispatch.spanId)
    const proxy = await find('queue-proxy', /^kn\.queueproxy\.proxy$/, sidecar.spanId)
    const toApp = await find('queue-proxy', /^HTTP GET$/)
    t.equal(appTrace, TRACE)
    t.equal(appParent, toApp.spanId, 'the app hangs below the span towards it')
    t.ok(isWithin(dispatch, front), 'within its parent in the activator')
    t.ok(isWithin(toApp, sidecar), 'within its parent in the queue-proxy')
    t.ok(beginsBefore(dispatch, sidecar), 'and the one process begins after the other')
    t.ok(leadsTo(toApp, proxy, exports.all), 'the span towards the app is below that of the sidecar')
  })

/** For spans of one process, which has one clock. */
function isWithin(inner: Span, outer: Span): boolean {
  return (
    BigInt(inner.startTimeUnixNano) >= BigInt(outer.startTimeUnixNano) &&
    BigInt(inner.endTimeUnixNano) <= BigInt(outer.endTimeUnixNano)
  )
}

/**
 * For spans of two processes. Each counts from the wall clock at its own start, which somebody may have set in between: what is looked for are
 * other units, or another epoch. Nothing can be said of the ends: a process that has to wait for a processor notices its own end late.
 */
function beginsBefore(outer: Span, inner: Span): boolean {
  const clocksNs = 1_000_000_000n
  return BigInt(inner.startTimeUnixNano) + clocksNs >= BigInt(outer.startTimeUnixNano)
}

function leadsTo(span: Span, ancestor: Span, all: readonly Span[]): boolean {
  for (let at: Span | undefined = span; at !== undefined;) {
    if (at.spanId === ancestor.spanId) return true
    const above: string = at.parentSpanId
    at = all.find(({ spanId }) => spanId === above)
  }
  return false
}
