import t from 'tap'
import { fetchFrom, send, startApp, startHeldApp, startSidecar } from './support/scene.ts'

const PROFILING = { OBSERVABILITY_CONFIG: '{"runtime":{"profiling":"enabled"}}' }
const PROMETHEUS = { OBSERVABILITY_CONFIG: '{"requestMetrics":{"protocol":"prometheus"}}' }

t.test('the profiling port is there when it is configured', async (t) => {
  const { port } = await startApp(t, (_, response) => response.end())
  const { profiling } = (await startSidecar(t, port, PROFILING)).ports
  const index = await fetchFrom(profiling, { path: '/debug/pprof/' })
  t.match(index.body, /profile\?seconds=30/)
  t.equal(index.headers['proxy-status'], 'queue-proxy')
})

t.test('without profiling and metrics their ports are closed', async (t) => {
  const { port } = await startApp(t, (_, response) => response.end())
  t.strictSame(Object.keys((await startSidecar(t, port)).ports).toSorted(), ['admin', 'autoscaling', 'main'])
})

t.test('the metrics page counts what happened', async (t) => {
  const { port, requests } = await startHeldApp(t)
  const { main, metrics } = (
    await startSidecar(t, port, { ...PROMETHEUS, CONTAINER_CONCURRENCY: '1', QUEUE_DEPTH: '0' })
  ).ports
  const scrape = async (): Promise<(name: string, label?: string) => number> => {
    const { status, headers, body } = await fetchFrom(metrics, { path: '/metrics' })
    t.equal(status, 200)
    t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/)
    return (name, label = '') => {
      const lines = body.split('\n').filter((line) => line.startsWith(name) && line.includes(label))
      return lines.length === 0 ? -1 : Number(lines[0].split(' ').at(-1))
    }
  }
  const done = send(main)
  ;(await requests.next()).response.end('x')
  await done.answer
  const held = send(main, { method: 'POST', body: 'not repeated' })
  const { response } = await requests.next()
  t.equal((await fetchFrom(main)).status, 503)
  const during = await scrape()
  t.equal(during('kn_serving_invocation_duration_seconds_count'), 1)
  t.equal(during('kn_serving_queue_depth'), 1)
  t.equal(during('pilotlight_slots_used'), 1)
  t.equal(during('pilotlight_refusals_total', 'reason="queue-full"'), 1)
  response.destroy()
  t.equal((await held.answer).status, 502)
  const after = await scrape()
  t.equal(after('kn_serving_queue_depth'), 0)
  t.equal(after('http_server_request_duration_seconds_count', 'status_code="200"'), 1)
  t.equal(after('http_server_request_duration_seconds_count', 'status_code="502"'), 1)
  t.equal((await fetchFrom(metrics, { path: '/metrics', method: 'POST' })).status, 405)
  t.equal((await fetchFrom(metrics, { path: '/' })).status, 404)
})

t.test('a metrics port that is taken costs the metrics, not the service', async (t) => {
  const { port } = await startApp(t, (_, response) => response.end('ok'))
  const first = (await startSidecar(t, port, PROMETHEUS)).ports
  const second = (
    await startSidecar(t, port, { ...PROMETHEUS, METRICS_PROMETHEUS_PORT: String(first.metrics) })
  ).ports
  t.equal(second.metrics, undefined)
  t.equal((await fetchFrom(second.main)).body, 'ok')
})
