import { type ProbeAction, type ProbeRun, type ProbeSettings, startProbe as start } from '@pilotlight/probe'
import type { Clock } from '../clock.ts'
import { getOverHttp1 } from './http1-get.ts'

/** Starts an attempt. Replaced in tests. */
export type StartProbe = (timeoutMs: number) => ProbeRun

/** Starts one attempt of a probe that may take `timeoutMs`. HTTP/1.1 is read as everywhere in the sidecar. */
export function startProbe(
  action: ProbeAction,
  timeoutMs: number,
  clock: Clock,
  settings: ProbeSettings,
): ProbeRun {
  return start(action, timeoutMs, clock, { ...settings, getOverHttp1 })
}
