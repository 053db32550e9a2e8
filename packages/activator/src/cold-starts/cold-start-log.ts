import { type ColdStartRecord, coldStartPhases, type Logger } from '@pilotlight/telemetry'

/** Logs a cold start that is over, with what each of its phases took, ms; and what to do when it went wrong. */
export function logColdStart(log: Logger, record: ColdStartRecord): void {
  const { id, instance, namespace, outcome, reason, requestId, requests, revision, totalMs } = record
  const fields = {
    'knative.dev/key': `${namespace}/${revision}`,
    coldStart: id,
    outcome,
    totalMs,
    phases: Object.fromEntries(coldStartPhases(record).map(({ phase, ms }) => [phase, rounded(ms)])),
    instance,
    requests,
    requestId,
  }
  if (outcome === 'served') log.info('Cold start', fields)
  else if (outcome === 'abandoned')
    log.info('Cold start that nobody waited for to its end', { ...fields, reason, advice: ABANDONED })
  else log.warn('Cold start failed', { ...fields, reason, advice: FAILED })
}

const ABANDONED =
  'see which phase took long; give clients, and timeoutSeconds, more time than that, or keep an instance (autoscaling.knative.dev/min-scale)'
const FAILED =
  "look at what the instance wrote, and at the command, the port and the readiness probe of the revision's container"

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
