import t from 'tap'
import type { HealthAttempt, HealthAttempts } from '../../src/local/health/health-attempts.ts'
import { InstanceHealth } from '../../src/local/health/instance-health.ts'
import type { ContainerSpec } from '../../src/manifest/manifest-set.ts'
import type { ProbeOutcome } from '@pilotlight/probe'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { containerOf, probeOf } from '../support/health-scene.ts'

/** An attempt that ends when the test says. */
interface Open {
  readonly end: (outcome: ProbeOutcome) => void
  isCancelled: boolean
}

interface Scene {
  readonly clock: FakeClock
  readonly health: InstanceHealth
  readonly told: string[]
  readonly questions: Open[]
  readonly probes: Open[]
}

function scene(container: ContainerSpec): Scene {
  const clock = new FakeClock()
  const told: string[] = []
  const questions: Open[] = []
  const probes: Open[] = []
  const open = (list: Open[]): HealthAttempt => {
    const { promise, resolve } = Promise.withResolvers<ProbeOutcome>()
    const one: Open = { end: resolve, isCancelled: false }
    list.push(one)
    return { outcome: promise, cancel: () => (one.isCancelled = true) }
  }
  const attempts: HealthAttempts = { probe: () => open(probes), askSidecar: () => open(questions) }
  const health = new InstanceHealth({
    containers: [container],
    appPort: 1,
    clock,
    attempts,
    exec: () => Promise.reject(new Error('not asked')),
    events: {
      onReady: () => told.push('ready'),
      onNotReady: () => told.push('not ready'),
      onUnhealthy: (name) => told.push(`unhealthy ${name}`),
    },
  })
  return { clock, health, told, questions, probes }
}

t.test('a sidecar that says by itself that its app is ready is not asked before', async (t) => {
  const { clock, health, told, questions } = scene(containerOf())
  health.onSidecar('127.0.0.1:1')
  clock.pass(900)
  health.onSidecarReady()
  t.strictSame(told, ['ready'])
  t.equal(questions.length, 0)
  clock.pass(10_000)
  t.equal(questions.length, 1, 'whether it still is')
  health.close()
})

t.test('one that says nothing is asked after a second', async (t) => {
  const { clock, health, told, questions } = scene(containerOf())
  health.onSidecar('127.0.0.1:1')
  clock.pass(1000)
  t.equal(questions.length, 1)
  health.onSidecarReady()
  t.ok(questions[0].isCancelled, 'what it says then counts')
  questions[0].end({ text: 'cancelled' } as ProbeOutcome)
  await settle()
  t.strictSame(told, ['ready'])
  health.close()
})

t.test('what it says before the startup probe succeeded counts from then on', async (t) => {
  const startup = probeOf({ periodMs: 1000, failureThreshold: 5 })
  const { clock, health, told, probes, questions } = scene(containerOf({ startup }))
  health.onSidecar('127.0.0.1:1')
  health.onSidecarReady()
  t.strictSame(told, [])
  clock.pass(0)
  probes[0].end(null)
  await settle()
  t.strictSame(told, ['ready'])
  t.equal(questions.length, 0)
  health.close()
})
