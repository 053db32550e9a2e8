import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { Scene } from '../support/scene.ts'
import { ScriptedSidecar } from '../support/sidecar.ts'
import { until } from '../support/within.ts'
import { field, startInstance, woken } from './scenery.ts'

const http = process.getBuiltinModule('node:http')
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'

/** Takes OTLP over HTTP, and keeps its bytes: the names of spans stand in them as they are. */
async function collector(t: Test): Promise<{ endpoint: string; text: () => string }> {
  let text = ''
  const server = http.createServer((request, response) => {
    request.setEncoding('latin1').on('data', (piece: string) => (text += piece))
    request.on('end', () => response.end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    text: () => text,
  }
}

function traced(flags: string): Record<string, string> {
  return { traceparent: `00-${TRACE}-${PARENT}-${flags}` }
}

t.test('a traced request gets traceresponse, and one that waited a span for each phase', async (t) => {
  const { endpoint, text } = await collector(t)
  const tracing = { protocol: 'http/protobuf', endpoint, samplingRate: 0.5 }
  const env = { OBSERVABILITY_CONFIG: JSON.stringify({ tracing }), OTEL_BSP_SCHEDULE_DELAY: '10' }
  const scene = await Scene.start(t, { env })
  const sidecar = await ScriptedSidecar.start(t)
  const pending = scene.send({ headers: { ...traced('01'), 'X-Request-Id': 'looked-for' } })
  await woken(scene)
  startInstance(scene, sidecar)
  const answer = await pending.answer
  const [, id] = new RegExp(`^00-${TRACE}-([0-9a-f]{16})-01$`).exec(field(answer, 'traceresponse')) ?? []
  t.ok(id !== undefined && id !== PARENT, 'it names our span, in the trace of the caller')
  const names = ['throttler_try', 'cold_start.ready', 'cold_start.first-byte', 'looked-for']
  await until('the spans are exported', () => names.every((name) => text().includes(name)))

  const unsampled = await scene.send({ headers: traced('00') }).answer
  t.equal(field(unsampled, 'traceresponse'), '', 'nothing is recorded of it')
})

t.test('without tracing there is no traceresponse but that of the app', async (t) => {
  const scene = await Scene.start(t)
  const sidecar = await ScriptedSidecar.start(t, ({ response }) => {
    response.setHeader('traceresponse', 'of the app')
    response.end()
  })
  scene.instances(sidecar.address)
  t.equal(field(await scene.send({ headers: traced('01') }).answer, 'traceresponse'), 'of the app')
})
