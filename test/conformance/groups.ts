import { breaker } from './scenarios/breaker.ts'
import { environment } from './scenarios/environment.ts'
import { probes } from './scenarios/probes.ts'
import { stats } from './scenarios/stats.ts'
import { timeouts } from './scenarios/timeouts.ts'
import { headers } from './scenarios/headers.ts'
import { bodies } from './scenarios/bodies.ts'
import { interim } from './scenarios/interim.ts'
import { upgrade } from './scenarios/upgrade.ts'
import { h2c } from './scenarios/h2c.ts'
import { errors } from './scenarios/errors.ts'
import { strictness } from './scenarios/strictness.ts'
import { drain } from './scenarios/drain.ts'
import { prober } from './scenarios/prober.ts'
import { metrics } from './scenarios/metrics.ts'
import { requestLog } from './scenarios/request-log.ts'
import { tls } from './scenarios/tls.ts'
import type { Group } from './support/scenario.ts'

/** Every group of scenarios. */
export const groups: readonly Group[] = [
  ...environment,
  ...breaker,
  ...stats,
  ...probes,
  ...timeouts,
  ...headers,
  ...bodies,
  ...interim,
  ...upgrade,
  ...h2c,
  ...errors,
  ...strictness,
  ...drain,
  ...prober,
  ...requestLog,
  ...metrics,
  ...tls,
]
