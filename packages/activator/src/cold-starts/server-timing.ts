import type { ColdStartStep } from '@pilotlight/telemetry'
import type { ColdWait } from './cold-wait.ts'

/** What the phases are called, by the step that ends them: in the words of those who look at a page's requests. */
const NAMES: Readonly<Partial<Record<ColdStartStep, string>>> = {
  woken: 'wake',
  scheduled: 'schedule',
  'process-started': 'start',
  listening: 'listen',
  ready: 'ready',
  dispatched: 'dispatch',
}

/**
 * The value of Server-Timing for a request that waited for a cold start: `queued` is its whole wait, ms, and the phases of that follow in their
 * order. They add up to it.
 */
export function serverTiming(wait: ColdWait): string {
  const phases = wait.phases.flatMap(({ phase, ms }) => {
    const name = NAMES[phase]
    return name === undefined ? [] : [{ name, ms }]
  })
  const whole = phases.reduce((sum, { ms }) => sum + ms, 0)
  const parts = phases.map(({ name, ms }) => `${name};dur=${duration(ms)}`)
  return [`queued;dur=${duration(whole)};desc="cold start"`, ...parts].join(', ')
}

function duration(ms: number): string {
  return String(Math.round(ms * 10) / 10)
}
