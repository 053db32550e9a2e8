import { Attempt, failure, type ProbeOutcome } from './attempt.ts'
import { probeGrpc } from './grpc-probe.ts'
import { probeHttp, type ProbeSettings } from './http-probe.ts'
import type { ProbeAction } from './probe-action.ts'
import type { ProbeClock } from './probe-clock.ts'
import { probeTcp } from './tcp-probe.ts'

/** An attempt under way. */
export interface ProbeRun {
  /** Never rejects. */
  readonly outcome: Promise<ProbeOutcome>
  /** Ends it; what `outcome` then says means nothing. */
  cancel(): void
}

/** Starts one attempt of a probe that may take `timeoutMs`, from 1 to 2^31 - 1. */
export function startProbe(
  action: ProbeAction,
  timeoutMs: number,
  clock: ProbeClock,
  settings: ProbeSettings,
): ProbeRun {
  const attempt = new Attempt(timeoutMs, clock)
  if (settings.onConnected !== undefined) attempt.onConnected = settings.onConnected
  const outcome = perform(action, attempt, settings).then(
    (result) => {
      attempt.conclude()
      return result
    },
    (error: unknown) => {
      attempt.cancel()
      return failure(`the probe could not be made: ${(error as Error).message}`)
    },
  )
  return { outcome, cancel: () => attempt.cancel() }
}

async function perform(
  action: ProbeAction,
  attempt: Attempt,
  settings: ProbeSettings,
): Promise<ProbeOutcome> {
  switch (action.kind) {
    case 'httpGet':
      return probeHttp(action, attempt, settings)
    case 'tcpSocket':
      return probeTcp(action, attempt)
    case 'grpc':
      return probeGrpc(action, attempt, settings.userAgent)
    case 'exec':
      return failure('exec probe not supported')
    case 'none':
      return failure('no probe found')
    default:
      return action satisfies never
  }
}
