import type { Test } from 'tap'
import { type ProbeAction, type ProbeClock, startProbe } from '../../src/index.ts'
import { within } from '../../../../test/support/probed-apps.ts'

/** Time for an attempt that is not meant to run out of it, ms. */
const PLENTY_MS = 9000

const systemClock: ProbeClock = {
  after(ms, then) {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
}

/** What is not as a probe has it by default. */
export interface AttemptOptions {
  readonly timeoutMs?: number
  readonly clock?: ProbeClock
  readonly detectHttp2?: boolean
  readonly onRedirectAway?: (from: string, to: string) => void
}

/** Makes one attempt. Resolves with the text of its failure, or `ready`. */
export async function attempt(t: Test, action: ProbeAction, options: AttemptOptions = {}): Promise<string> {
  const { timeoutMs = PLENTY_MS, clock = systemClock, detectHttp2 = false } = options
  const run = startProbe(action, timeoutMs, clock, {
    userAgent: 'kube-probe//',
    detectHttp2,
    onRedirectAway: options.onRedirectAway ?? (() => {}),
  })
  t.teardown(() => run.cancel())
  const outcome = await within('the attempt ends', run.outcome)
  return outcome === null ? 'ready' : outcome.text
}
