import type { ProbeAction } from '@pilotlight/probe'
import type { Test } from 'tap'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { startProbe } from '../../../src/readiness/probe-run.ts'
import { parseProbes } from '../../../src/readiness/probe-spec.ts'
import { Readiness } from '../../../src/readiness/readiness.ts'
import { within } from '../../../../../test/support/probed-apps.ts'

/** Time for an attempt that is not meant to run out of it, ms. */
export const PLENTY_MS = 9000

/** The action of a probe in Kubernetes' words. */
export function actionOf(probe: object): ProbeAction {
  return parseProbes(JSON.stringify(probe), false)[0].action
}

/** What is not as a probe has it by default. */
export interface AttemptOptions {
  readonly detectHttp2?: boolean
  readonly timeoutMs?: number
  readonly clock?: Clock
  readonly onRedirectAway?: (from: string, to: string) => void
}

/** Makes one attempt. Resolves with the text of its failure, or `ready`. */
export async function attempt(t: Test, probe: object, options: AttemptOptions = {}): Promise<string> {
  const { timeoutMs = PLENTY_MS, clock = systemClock, detectHttp2 = false } = options
  const run = startProbe(actionOf(probe), timeoutMs, clock, {
    userAgent: 'kube-probe//',
    detectHttp2,
    onRedirectAway: options.onRedirectAway ?? (() => {}),
  })
  t.teardown(() => run.cancel())
  const outcome = await within('the attempt ends', run.outcome)
  return outcome === null ? 'ready' : outcome.text
}

/** A Readiness of probes in Kubernetes' words, and the lines it prints. */
export function readinessOf(
  t: Test,
  probes: readonly object[],
  options: { clock?: Clock; detectHttp2?: boolean } = {},
): { readiness: Readiness; lines: string[] } {
  const lines: string[] = []
  const readiness = new Readiness(parseProbes(JSON.stringify(probes), true), {
    detectHttp2: options.detectHttp2 ?? false,
    print: (line) => lines.push(line),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  })
  t.teardown(() => readiness.close())
  return { readiness, lines }
}
