import { KNATIVE, OURS } from '../queue-proxy/sidecars.ts'
import type { Asking } from './activator.ts'

/** What is compared: a sidecar, the probe it is configured with and how it is asked. */
export interface Contender {
  name: string
  says: string
  /** The name of the sidecar's program. */
  program: string
  /** Of the probe; 0 is what Knative configures for most apps: the sidecar tries on by itself while it is asked. */
  periodSeconds: number
  asking: Asking
}

/** How an app is probed. */
export type ProbeKind = 'tcpSocket' | 'httpGet'

const POLL_MS = 50

/** Ours, asked once, with the answer held back. */
export const WAITING: Contender = {
  name: 'waiting',
  says: 'ours, asked once with Prefer: wait=30',
  program: OURS,
  periodSeconds: 0,
  asking: { prefer: 'wait=30', everyMs: POLL_MS },
}

/** Ours, one attempt for each question. */
export const POLLED: Contender = {
  name: 'polled',
  says: `ours, asked every ${POLL_MS} ms without Prefer, one attempt each`,
  program: OURS,
  periodSeconds: 1,
  asking: { prefer: null, everyMs: POLL_MS },
}

/** Knative's, which itself tries every 50 ms while it is asked. */
export const KNATIVE_POLLED: Contender = {
  name: KNATIVE,
  says: `Knative's, asked every ${POLL_MS} ms; it tries every 50 ms by itself`,
  program: KNATIVE,
  periodSeconds: 0,
  asking: { prefer: null, everyMs: POLL_MS },
}

/** The probe as the sidecar gets it. */
export function probeJson(kind: ProbeKind, port: number, periodSeconds: number): string {
  const target = { host: '127.0.0.1', port }
  const action = kind === 'tcpSocket' ? target : { ...target, path: '/', scheme: 'HTTP' }
  return JSON.stringify({ [kind]: action, periodSeconds, successThreshold: 1, timeoutSeconds: 1 })
}
