import type { ProbeOutcome } from '@pilotlight/probe'
import { type FakeClock, settle } from './fake-clock.ts'
import type { HealthAttempt } from '../../src/local/health/health-attempts.ts'
import type { ContainerProbe, ContainerSpec } from '../../src/manifest/manifest-set.ts'

/** What an attempt comes to, and when. */
export interface Planned {
  readonly kind: 'ok' | 'failed' | 'refused'
  readonly tookMs: number
}

/** A container without probes, but for `more`. */
export function containerOf(more: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    name: 'app',
    command: ['app'],
    folder: '/',
    env: [],
    readiness: null,
    liveness: null,
    startup: null,
    limits: { cpu: null, memoryBytes: null },
    ...more,
  }
}

/** A probe by kubelet's defaults, but for `more`. */
export function probeOf(more: Partial<ContainerProbe> = {}): ContainerProbe {
  return {
    action: { kind: 'exec-command', command: ['check'] },
    initialDelayMs: 0,
    timeoutMs: 1000,
    periodMs: 10_000,
    successThreshold: 1,
    failureThreshold: 3,
    ...more,
  }
}

/** An attempt that ends as planned; `onEnd` hears of it just before who waits for it, unless it is cancelled. */
export function plannedAttempt(
  clock: FakeClock,
  { kind, tookMs }: Planned,
  onEnd: (isOk: boolean) => void,
): HealthAttempt {
  const { promise, resolve } = Promise.withResolvers<void>()
  const outcome = promise.then((): ProbeOutcome => {
    onEnd(kind === 'ok')
    return kind === 'ok' ? null : { text: kind, isRefused: kind === 'refused' }
  })
  return { outcome, cancel: clock.after(tookMs, resolve) }
}

/** Lets `ms` pass one by one, so that what promises lead to happens at its time. */
export async function passSlowly(clock: FakeClock, ms: number): Promise<void> {
  await settle()
  for (let passed = 0; passed < ms; passed++) {
    clock.pass(0)
    await settle()
    clock.pass(1)
    await settle()
  }
}
