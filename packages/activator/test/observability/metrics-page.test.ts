import t from 'tap'
import { Scene, send } from '../support/scene.ts'
import { ScriptedSidecar } from '../support/sidecar.ts'
import { HELLO } from '../support/told-platform.ts'
import { until } from '../support/within.ts'

const PROMETHEUS = { OBSERVABILITY_CONFIG: JSON.stringify({ requestMetrics: { protocol: 'prometheus' } }) }

async function page(scene: Scene): Promise<string> {
  return (await send(scene.activator.ports['metrics'], { path: '/metrics' }).answer).body
}

/** The value of the series whose line begins so and has all these labels. */
function valueOf(text: string, name: string, ...labels: string[]): number {
  const line = text
    .split('\n')
    .find((one) => one.startsWith(`${name}{`) && labels.every((label) => one.includes(label)))
  return line === undefined ? Number.NaN : Number(line.slice(line.lastIndexOf(' ') + 1))
}

const REVISION = 'kn_revision_name="hello-00001"'

t.test('the page has the metrics of Knative with its labels, and ours beside them', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, null)
  const scene = await Scene.start(t, { env: PROMETHEUS, spec: { containerConcurrency: 1 } })
  const pending = [scene.send(), scene.send({ body: 'x'.repeat(1000) })]
  await until('both wait', () => scene.activator.held === 2)
  const cold = await page(scene)
  t.equal(valueOf(cold, 'kn_activator_stats_conn_reachable', 'peer="autoscaler"'), 1)
  t.equal(valueOf(cold, 'pilotlight_instances', REVISION), 0)
  scene.instances(sidecar.address)
  ;(await sidecar.receives(1)).response.end('ok')
  ;(await sidecar.receives(2)).response.end('ok')
  await Promise.all(pending.map(({ answer }) => answer))
  scene.platform.events.onTrouble(scene.spec, 'broken')
  scene.platform.instances([])
  await scene.send().answer
  const text = await page(scene)
  const labels = [
    'k8s_namespace_name="default"',
    'kn_service_name="hello"',
    'kn_configuration_name="hello"',
    REVISION,
    'http_response_status_code="200"',
    'url_scheme="http"',
    'network_protocol_version="1.1"',
  ]
  t.equal(
    valueOf(text, 'http_server_request_duration_seconds_count', 'http_request_method="GET"', ...labels),
    1,
  )
  t.equal(
    valueOf(text, 'http_client_request_duration_seconds_count', 'http_request_method="POST"', ...labels),
    1,
  )
  t.equal(
    valueOf(text, 'http_server_request_body_size_bytes_sum', 'http_request_method="POST"', ...labels),
    1000,
  )
  t.strictSame(
    [
      valueOf(text, 'kn_revision_request_queued', REVISION),
      valueOf(text, 'kn_revision_request_active', REVISION),
      valueOf(text, 'pilotlight_refusals_total', 'reason="no-instance"'),
      valueOf(text, 'pilotlight_held_bytes', REVISION),
    ],
    [0, 0, 1, 0],
  )
  t.ok(valueOf(text, 'pilotlight_wake_ups_total', REVISION) >= 1)
  t.notMatch(text, /server_address/, 'nothing a client says is a label')
  scene.platform.events.onConnection(false, 'gone')
  const lost = await page(scene)
  t.strictSame(
    [
      valueOf(lost, 'kn_activator_stats_conn_reachable', 'peer="autoscaler"'),
      valueOf(lost, 'kn_activator_stats_conn_errors_total', 'peer="autoscaler"'),
    ],
    [0, 1],
  )
})

t.test('what waits is shown while it waits', async (t) => {
  const scene = await Scene.start(t, { env: PROMETHEUS })
  const done = await scene.send({ headers: { 'grpc-timeout': '50m' } }).answer
  t.equal(done.status, 504)
  const waiting = scene.send()
  await until('it waits', () => scene.activator.held === 1)
  const text = await page(scene)
  t.equal(valueOf(text, 'kn_revision_request_queued', REVISION), 1)
  t.ok(valueOf(text, 'pilotlight_held_oldest_age_seconds', REVISION) >= 0)
  waiting.leave()
  await until('it is gone', () => scene.activator.held === 0)
  await until('it was counted', () => scene.activator.held === 0)
  t.equal(
    valueOf(await page(scene), 'pilotlight_clients_gone_total', 'otel_scope_name="pilotlight/activator"'),
    1,
  )
})

t.test('what is reported to the platform is shown, and retries by their reason', async (t) => {
  const dying = await ScriptedSidecar.start(t, ({ request }) => void request.socket.resetAndDestroy())
  const scene = await Scene.start(t, { env: { ...PROMETHEUS, ACTIVATOR_ATTEMPTS_MAX: '2' } })
  scene.instances(dying.address)
  t.equal((await scene.send().answer).status, 502)
  await until('a report', () => scene.platform.reports.length >= 2)
  const text = await page(scene)
  t.equal(valueOf(text, 'pilotlight_retries_total', 'reason="upstream-closed"'), 1)
  t.ok(valueOf(text, 'kn_revision_request_concurrency', REVISION) >= 0)
})

t.test(
  'without a configuration there is no page, and the profiling port only when it is enabled',
  async (t) => {
    const plain = await Scene.start(t)
    t.strictSame(Object.keys(plain.activator.ports), ['http1', 'h2c'])
    const profiled = await Scene.start(t, {
      env: { OBSERVABILITY_CONFIG: JSON.stringify({ runtime: { profiling: 'enabled' } }) },
    })
    const answer = await send(profiled.activator.ports['profiling'], { path: '/debug/pprof/' }).answer
    t.equal(answer.status, 200)
  },
)

t.test('a revision without traffic has no series, however many there are', async (t) => {
  const scene = await Scene.start(t, {
    env: PROMETHEUS,
    begin: (events) => {
      for (let i = 0; i < 100; i++) events.onRevision({ ...HELLO, name: `quiet-${i}` })
    },
  })
  t.notMatch(await page(scene), /quiet-/)
})
