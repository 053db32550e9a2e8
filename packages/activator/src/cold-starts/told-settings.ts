import type { Environment } from '@pilotlight/telemetry'
import { REQUEST_ID_MODES, type RequestIdMode } from './request-ids.ts'

/** What clients are told beside their responses. */
export interface ToldSettings {
  /** Which requests have an id that is told. */
  readonly requestIds: RequestIdMode
  /** Whether a response says how its request waited for a cold start. */
  readonly hasServerTiming: boolean
}

/** Reads them. With `isLocal` instances are on this machine: nobody learns there what they should not know. */
export function readTold(env: Environment, isLocal: boolean): ToldSettings {
  return {
    requestIds: env.choice<RequestIdMode>('ACTIVATOR_REQUEST_ID', REQUEST_ID_MODES, 'cold'),
    hasServerTiming: env.flag('ACTIVATOR_SERVER_TIMING', 'ServerTiming', isLocal),
  }
}
