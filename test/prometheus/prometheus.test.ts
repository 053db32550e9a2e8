import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { Pair } from '../grafana/support/pair.ts'
import { dashboardExpressions, rules } from '../grafana/support/expressions.ts'
import { Prometheus } from './support/prometheus.ts'

const isMissing = spawnSync('prometheus', ['--version']).error !== undefined
const skip = isMissing ? "prometheus is not on PATH: it is in Debian's package of that name" : false

t.test('a real Prometheus that scrapes a pair answers what the guide asks', { skip }, async (t) => {
  const pair = await Pair.start(t)
  const prometheus = await Prometheus.start(t, pair.ports)

  // Three requests wait, and nobody is there.
  const began = performance.now()
  const pending = [pair.stage.send(), pair.stage.send(), pair.stage.send()]
  await pair.stage.held(3)
  const revision = '{k8s_namespace_name="default", kn_revision_name="hello-00001"}'
  await prometheus.answers(
    `sum by (kn_revision_name) (kn_revision_request_queued${revision})`,
    (value) => value === 3,
  )
  const age = await prometheus.answers(
    `max(pilotlight_held_oldest_age_seconds${revision})`,
    (value) => value > 0.5,
  )
  t.ok(age <= (performance.now() - began) / 1000 + 0.001, `the oldest is ${age} s old`)
  t.equal(await prometheus.ask(`sum(pilotlight_instances${revision})`), 0)
  t.equal(await prometheus.ask('min(kn_activator_stats_conn_reachable)'), 1)

  // Then somebody is.
  await pair.instance()
  for (const { answer } of pending) t.equal((await answer).status, 200)
  const waited = (performance.now() - began) / 1000
  await prometheus.answers(
    `sum(pilotlight_outcomes_total{outcome="ok", kn_revision_name="hello-00001"})`,
    (value) => value === 3,
  )
  await prometheus.answers(`sum(kn_revision_request_queued${revision})`, (value) => value === 0)
  t.equal(await prometheus.ask(`sum(pilotlight_instances${revision})`), 1)
  const slots = `sum(pilotlight_slots_used${revision} + pilotlight_slots_free${revision})`
  t.equal(await prometheus.ask(slots), 10)
  t.equal(
    await prometheus.ask('sum(http_client_request_duration_seconds_count{kn_revision_name="hello-00001"})'),
    3,
  )

  // What the cold start was made of.
  await prometheus.answers(`sum(pilotlight_cold_starts_total{outcome="served"})`, (value) => value === 1)
  const whole = await prometheus.ask(`sum(pilotlight_cold_start_duration_seconds_sum${revision})`)
  t.ok(whole > 0.5 && whole <= waited + 0.001, `the cold start took ${whole} s of ${waited}`)
  const phases = await prometheus.ask(
    'sum(pilotlight_cold_start_phase_duration_seconds_sum{phase!="queued"})',
  )
  t.ok(Math.abs(phases - whole) < 0.01, `its phases took ${phases} s of ${whole}`)
  // A file says nothing of processes: until the app listens is all one phase.
  const listening = await prometheus.ask(
    'histogram_quantile(0.5, sum by (le) (pilotlight_cold_start_phase_duration_seconds_bucket{phase="listening"}))',
  )
  t.ok(listening > 0.25, `until the app listened it took ${listening} s by the buckets`)
  // The whole process, by the targets that both are.
  t.equal(
    await prometheus.ask(
      'count(nodejs_eventloop_delay_max_seconds and on (job, instance) pilotlight_clients_gone_total)',
    ),
    2,
  )
  t.ok((await prometheus.ask('min(process_resident_memory_bytes)')) > 1e6)

  // And whatever the dashboard and the alerts ask has an answer.
  await pair.stage.send().answer
  // Rates want two scrapes of everything there is.
  const seen = [
    'pilotlight_cold_start_duration_seconds_count',
    'pilotlight_outcomes_total',
    'pilotlight_refusals_total',
  ]
  for (const name of seen)
    await prometheus.answers(`min(count_over_time(${name}[1m]))`, (value) => value >= 2)
  const variables: Readonly<Record<string, string>> = {
    $__rate_interval: '1m',
    $namespace: '.*',
    $revision: '.*',
  }
  for (const { place, text } of dashboardExpressions()) {
    let query = text
    for (const [name, value] of Object.entries(variables)) query = query.replaceAll(name, value)
    const { problem, count } = await prometheus.query(query)
    t.equal(problem, '', place)
    t.ok(count > 0, `${place} shows something`)
  }
  for (const query of guideQueries()) {
    const { problem, count } = await prometheus.query(query)
    t.equal(problem, '', query)
    t.ok(count > 0, `the guide's ${query} has an answer`)
  }
  for (const { alert, expr } of rules()) t.equal((await prometheus.query(expr)).problem, '', alert)
})

/** What docs/slow-requests.md asks. */
function guideQueries(): string[] {
  const guide = readFileSync(new URL('../../docs/slow-requests.md', import.meta.url), 'utf8')
  const queries = [...guide.matchAll(/^```promql\n(?<query>[\s\S]*?)\n```$/gm)].map(
    ({ groups }) => groups!['query'],
  )
  if (queries.length < 5) throw new Error('the guide asks nothing')
  return queries
}
