import fc from 'fast-check'
import t from 'tap'
import type { HealthAttempts } from '../../src/local/health/health-attempts.ts'
import { InstanceHealth } from '../../src/local/health/instance-health.ts'
import type { ContainerProbe, ContainerSpec } from '../../src/manifest/manifest-set.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { containerOf, passSlowly, plannedAttempt, type Planned, probeOf } from '../support/health-scene.ts'

/** An attempt that ended: of which container, by which of its probes. */
interface Ended {
  readonly container: string
  readonly kind: 'startup' | 'liveness' | 'readiness' | 'sidecar'
  readonly isOk: boolean
}

/** What is told for outcomes in this order, by the book: kept as counts of equal outcomes, judged from the beginning each time. */
class Book {
  readonly #containers: readonly ContainerSpec[]
  readonly #history = new Map<string, boolean[]>()
  readonly #held = new Map<string, boolean>()
  readonly #unhealthy = new Set<string>()
  #isReady = false

  constructor(containers: readonly ContainerSpec[]) {
    this.#containers = containers
  }

  note({ container, kind, isOk }: Ended): string[] {
    // One that ended at the same moment as what had it given up.
    if (this.#unhealthy.has(container)) return []
    const index = this.#containers.findIndex(({ name }) => name === container)
    const spec = this.#containers[index]
    const key = `${container} ${kind}`
    const history = [...(this.#history.get(key) ?? []), isOk]
    this.#history.set(key, history)
    const same = history.length - 1 - history.lastIndexOf(!isOk)
    const told: string[] = []
    if (kind === 'sidecar') {
      const failures = spec.readiness?.failureThreshold ?? 3
      if (isOk || same >= failures) this.#held.set(key, isOk)
    } else {
      const { successThreshold, failureThreshold } = spec[kind]!
      if (same >= (isOk ? successThreshold : failureThreshold)) {
        this.#held.set(key, isOk)
        if (!isOk && kind !== 'readiness' && !this.#unhealthy.has(container)) {
          this.#unhealthy.add(container)
          told.push(`unhealthy ${container}`)
        }
      }
    }
    const isReady = this.#containers.every((one, at) => this.#isContainerReady(one, at === 0))
    if (isReady !== this.#isReady) told.push(isReady ? 'ready' : 'not ready')
    this.#isReady = isReady
    return told
  }

  isStarted({ name, startup }: ContainerSpec): boolean {
    return startup === null || this.#held.get(`${name} startup`) === true
  }

  isUnhealthy(name: string): boolean {
    return this.#unhealthy.has(name)
  }

  #isContainerReady(spec: ContainerSpec, isServing: boolean): boolean {
    const { name, readiness } = spec
    const isDirect = readiness !== null && (!isServing || readiness.action.kind === 'exec-command')
    return (
      this.isStarted(spec) &&
      (!isServing || this.#held.get(`${name} sidecar`) === true) &&
      (!isDirect || this.#held.get(`${name} readiness`) === true)
    )
  }
}

const probes = fc
  .record({
    isExec: fc.boolean(),
    initialDelayMs: fc.constantFrom(0, 0, 15),
    periodMs: fc.integer({ min: 1, max: 25 }),
    successThreshold: fc.integer({ min: 1, max: 3 }),
    failureThreshold: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ isExec, ...timing }): ContainerProbe =>
    probeOf({ ...timing, ...(isExec ? {} : { action: { kind: 'tcpSocket', host: '', port: '0' } }) }),
  )
const container = (name: string): fc.Arbitrary<ContainerSpec> =>
  fc
    .record({
      startup: fc.option(probes),
      liveness: fc.option(probes),
      readiness: fc.option(probes),
    })
    .map((some) => containerOf({ name, ...some }))
const outcomes: fc.Arbitrary<Planned> = fc.record({
  // More good than bad ones, so that some become ready.
  kind: fc.constantFrom('ok', 'ok', 'ok', 'failed'),
  tookMs: fc.integer({ min: 0, max: 30 }),
})

t.test('tells what follows from the outcomes, in the order of the outcomes', async (t) => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.tuple(container('app')), fc.tuple(container('app'), container('side'))),
      fc.array(outcomes, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 0, max: 60 }),
      async (containers, plan, sidecarAt) => {
        const clock = new FakeClock()
        const book = new Book(containers)
        const told: string[] = []
        const wanted: string[] = []
        const inFlight = new Set<string>()
        let asked = 0
        let knowsSidecar = false
        const run = (spec: ContainerSpec, kind: Ended['kind']) => {
          const key = `${spec.name} ${kind}`
          if (inFlight.has(key)) throw new Error(`${key}: two attempts at once`)
          if (book.isUnhealthy(spec.name)) throw new Error(`${key}: asked after it was given up`)
          if (book.isStarted(spec) === (kind === 'startup'))
            throw new Error(`${key}: asked at the wrong time`)
          if (kind === 'sidecar' && !knowsSidecar) throw new Error('asked before it is known where')
          inFlight.add(key)
          return plannedAttempt(clock, plan[asked++ % plan.length], (isOk) => {
            inFlight.delete(key)
            wanted.push(...book.note({ container: spec.name, kind, isOk }))
          })
        }
        const attempts: HealthAttempts = {
          probe: (spec, probe) =>
            run(
              spec,
              (['startup', 'liveness', 'readiness'] as const).find((kind) => spec[kind] === probe)!,
            ),
          askSidecar: ({ waitSeconds }) => {
            const isReady = told.findLast((one) => one !== 'unhealthy side') === 'ready'
            if (containers.length === 1 && isReady && waitSeconds > 0) throw new Error('it need not wait')
            return run(containers[0], 'sidecar')
          },
        }
        const health = new InstanceHealth({
          containers,
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
        await passSlowly(clock, sidecarAt)
        knowsSidecar = true
        health.onSidecar('127.0.0.1:1')
        // It is asked when it has not said anything by itself for a second.
        await passSlowly(clock, 1400)
        health.close()
        for (const one of told) seen.add(one)
        if (clock.waiting > 0) throw new Error('something runs after close')
        if (JSON.stringify(told) !== JSON.stringify(wanted))
          throw new Error(`told ${JSON.stringify(told)}, expected ${JSON.stringify(wanted)}`)
      },
    ),
    { numRuns: 150 },
  )
  t.strictSame(
    [...seen].toSorted(),
    ['not ready', 'ready', 'unhealthy app', 'unhealthy side'],
    'all occurred',
  )
})
