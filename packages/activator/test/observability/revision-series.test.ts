import {
  COLD_START_STEPS,
  type ColdStartRecord,
  type ColdStartStep,
  MetricRegistry,
} from '@pilotlight/telemetry'
import t from 'tap'
import { ActivatorMetrics } from '../../src/observability/activator-metrics.ts'
import type { Revision } from '../../src/revision.ts'
import type { Revisions } from '../../src/revisions.ts'
import { Scene, send } from '../support/scene.ts'
import { ScriptedSidecar } from '../support/sidecar.ts'
import { HELLO } from '../support/told-platform.ts'
import { until } from '../support/within.ts'

const PROMETHEUS = { OBSERVABILITY_CONFIG: JSON.stringify({ requestMetrics: { protocol: 'prometheus' } }) }
const REVISION = 'kn_revision_name="hello-00001"'

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

t.test('slots are shown while they are held, and are not free without a limit', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, null)
  const scene = await Scene.start(t, { env: PROMETHEUS, spec: { containerConcurrency: 5 } })
  scene.instances(sidecar.address)
  const pending = scene.send()
  const arrived = await sidecar.receives(1)
  const text = await page(scene)
  t.strictSame(
    [valueOf(text, 'pilotlight_slots_used', REVISION), valueOf(text, 'pilotlight_slots_free', REVISION)],
    [1, 4],
  )
  scene.platform.events.onRevision({ ...scene.spec, containerConcurrency: 0 })
  const unlimited = await page(scene)
  t.equal(valueOf(unlimited, 'pilotlight_slots_used', REVISION), 1)
  t.notMatch(unlimited, /^pilotlight_slots_free\{/m)
  arrived.response.end('ok')
  await pending.answer
})

t.test('every request counts by how it ended, once', async (t) => {
  const scene = await Scene.start(t, { env: PROMETHEUS })
  const sidecar = await ScriptedSidecar.start(t, ({ response }) => void response.end('ok'))
  scene.instances(sidecar.address)
  await scene.send().answer
  scene.platform.instances([])
  await scene.send({ headers: { 'grpc-timeout': '50m' } }).answer
  const waiting = scene.send()
  await until('it waits', () => scene.activator.held === 1)
  waiting.leave()
  await until('it is gone', () => scene.activator.held === 0)
  scene.platform.events.onTrouble(scene.spec, 'broken')
  await scene.send().answer
  const text = await page(scene)
  const counts = ['ok', 'client-gone', 'refused', 'timeout', 'upstream-failed'].map((outcome) =>
    valueOf(text, 'pilotlight_outcomes_total', `outcome="${outcome}"`, REVISION),
  )
  t.strictSame(counts, [1, 1, 1, 1, 0])
})

t.test('a revision that goes takes its series along, once they were seen a last time', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, null)
  const other = { ...HELLO, name: 'other-00001' }
  const scene = await Scene.start(t, { env: PROMETHEUS, begin: (events) => events.onRevision(other) })
  scene.instances(sidecar.address)
  scene.platform.instances([sidecar.address], other)
  const headers = { 'Knative-Serving-Revision': other.name }
  const pending = [scene.send(), scene.send({ headers })]
  const arrived = [await sidecar.receives(1), await sidecar.receives(2)]
  scene.platform.events.onRevisionGone(scene.spec)
  t.match(await page(scene), REVISION, 'its request is under way')
  t.match(await page(scene), REVISION, 'and still is')
  for (const { response } of arrived) response.end('ok')
  await Promise.all(pending.map(({ answer }) => answer))
  const last = await page(scene)
  t.equal(valueOf(last, 'pilotlight_outcomes_total', 'outcome="ok"', REVISION), 1)
  const after = await page(scene)
  t.notMatch(after, REVISION)
  t.match(after, 'kn_revision_name="other-00001"')
})

t.test('a revision that comes again keeps its series', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, ({ response }) => void response.end('ok'))
  const scene = await Scene.start(t, { env: PROMETHEUS })
  scene.instances(sidecar.address)
  await scene.send().answer
  scene.platform.events.onRevisionGone(scene.spec)
  scene.platform.events.onRevision(scene.spec)
  scene.instances(sidecar.address)
  for (let i = 0; i < 3; i++) await page(scene)
  await scene.send().answer
  const text = await page(scene)
  t.equal(valueOf(text, 'pilotlight_outcomes_total', 'outcome="ok"', REVISION), 2)
  t.equal(valueOf(text, 'pilotlight_instances', REVISION), 1)
})

function record(
  steps: Partial<Record<ColdStartStep, number>>,
  outcome: ColdStartRecord['outcome'],
): ColdStartRecord {
  return {
    id: '1',
    namespace: HELLO.namespace,
    revision: HELLO.name,
    instance: '',
    requestId: '',
    startedAt: '2026-01-01T00:00:00Z',
    steps: Object.fromEntries(
      COLD_START_STEPS.map((step) => [step, steps[step] ?? null]),
    ) as ColdStartRecord['steps'],
    totalMs: steps['first-byte'] ?? 5000,
    requests: 1,
    outcome,
    reason: '',
  }
}

t.test('cold starts count by outcome, their phases by name, their time when they were served', async (t) => {
  const registry = new MetricRegistry()
  const metrics = new ActivatorMetrics(registry, { find: () => null } as unknown as Revisions)
  const revision = { spec: HELLO } as Revision
  metrics.onColdStart(revision, record({ queued: 0, woken: 10, ready: 310, 'first-byte': 400 }, 'served'))
  metrics.onColdStart(revision, record({ queued: 0, woken: 30 }, 'failed'))
  const seriesOf = (name: string) =>
    registry.families
      .flatMap((family) => (family.description.name === name ? [...family.series()] : []))
      .map(({ values, instrument }) => [
        values.join(' '),
        'sum' in instrument ? instrument.sum : instrument.value,
        'count' in instrument ? instrument.count : 1,
      ])
  t.strictSame(seriesOf('pilotlight.cold_starts'), [
    ['served default hello-00001', 1, 1],
    ['abandoned default hello-00001', 0, 1],
    ['failed default hello-00001', 1, 1],
  ])
  t.strictSame(seriesOf('pilotlight.cold_start.duration'), [['default hello-00001', 0.4, 1]])
  t.strictSame(seriesOf('pilotlight.cold_start.phase.duration'), [
    ['woken default hello-00001', 0.04, 2],
    ['ready default hello-00001', 0.3, 1],
    ['first-byte default hello-00001', 0.09, 1],
  ])
})
