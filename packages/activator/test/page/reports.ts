import type {
  ColdStartRecord,
  ColdStartStep,
  InstanceStatus,
  RevisionStatus,
  StatusReport,
} from '@pilotlight/telemetry'

/** When the reports of these tests are, ms since the epoch. */
export const NOW = Date.parse('2026-03-01T12:00:00.000Z')

export function report(parts: Partial<StatusReport> = {}, seconds: number = 0): StatusReport {
  return {
    version: 1,
    at: new Date(NOW + seconds * 1000).toISOString(),
    activator: {
      version: '0.1.0',
      pid: 4711,
      platform: 'local',
      startedAt: new Date(NOW - 3_725_000).toISOString(),
      isReady: true,
      isConnected: true,
      rssBytes: 88_080_384,
      eventLoopDelay: { p50: 0.4, p99: 2.3, max: 9 },
      held: 0,
      heldBytes: 0,
      running: 0,
    },
    revisions: [],
    coldStarts: [],
    ...parts,
  }
}

export function revision(name: string, parts: Partial<RevisionStatus> = {}): RevisionStatus {
  const service = name.replace(/-\d+$/, '')
  return {
    namespace: 'default',
    name,
    service,
    state: 'zero',
    trouble: '',
    routes: [{ host: `${service}.default.localhost`, percent: 100, tag: '' }],
    containerConcurrency: 10,
    wanted: 0,
    isPanicking: false,
    instances: [],
    held: 0,
    heldBytes: 0,
    oldestHeldMs: 0,
    running: 0,
    requestsPerSecond: 0,
    errorsPerSecond: 0,
    latency: null,
    lastColdStart: null,
    ...parts,
  }
}

export function instance(name: string, parts: Partial<InstanceStatus> = {}): InstanceStatus {
  return { name, address: '127.0.0.1:40001', state: 'ready', running: 0, slots: 10, ageMs: 83_000, ...parts }
}

const steps: Record<ColdStartStep, number | null> = {
  queued: 0,
  woken: 1.2,
  scheduled: 14,
  'process-started': 48,
  listening: 1_240,
  ready: 1_262,
  dispatched: 1_263,
  'first-byte': 1_391,
}

export function coldStart(
  id: string,
  parts: Partial<Omit<ColdStartRecord, 'steps'>> & {
    readonly steps?: Partial<Record<ColdStartStep, number | null>>
  } = {},
): ColdStartRecord {
  return {
    id,
    namespace: 'default',
    revision: 'hello-00001',
    instance: 'hello-00001-x7k2p',
    requestId: `request-${id}`,
    startedAt: new Date(NOW - 12_000).toISOString(),
    totalMs: 1_391,
    requests: 3,
    outcome: 'served',
    reason: '',
    ...parts,
    steps: { ...steps, ...parts.steps },
  }
}
