import t, { type Test } from 'tap'
import { fetchFrom, startApp, startSidecar } from './support/scene.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = `00-${TRACE}-b7ad6b7169203331-01`

/** What the app sees of the trace. */
async function seen(
  t: Test,
  tracing: object | null,
  headers: Record<string, string>,
): Promise<Record<string, string>> {
  const { port } = await startApp(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const environment = tracing === null ? {} : { OBSERVABILITY_CONFIG: JSON.stringify({ tracing }) }
  const { main } = (await startSidecar(t, port, environment)).ports
  return JSON.parse((await fetchFrom(main, { headers })).body) as Record<string, string>
}

/** Nobody listens there: what is exported is lost, and that is all. */
const TRACING = { protocol: 'http/protobuf', endpoint: 'http://127.0.0.1:1/v1/traces', samplingRate: 1 }

t.test('without tracing the fields go through as they came', async (t) => {
  const headers = { traceparent: 'nonsense', tracestate: 'a=1', baggage: 'k=v' }
  t.match(await seen(t, null, headers), headers)
  t.equal((await seen(t, null, {}))['traceparent'], undefined)
})

t.test('with tracing the app hangs below our span, in the trace of the caller', async (t) => {
  const { traceparent, tracestate, baggage } = await seen(t, TRACING, {
    traceparent: CALLER,
    tracestate: 'a=1',
    baggage: 'k=v',
  })
  t.match(traceparent, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`))
  t.not(traceparent, CALLER)
  t.equal(tracestate, 'a=1')
  t.equal(baggage, 'k=v')
})

t.test('a trace that cannot be read is not continued: its state does not go into ours', async (t) => {
  const { traceparent, tracestate } = await seen(t, TRACING, {
    traceparent: '00-zz-zz-01',
    tracestate: 'foreign=1',
  })
  t.match(traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  t.equal(tracestate, undefined)
})
