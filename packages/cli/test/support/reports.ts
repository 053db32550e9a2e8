import {
  COLD_START_STEPS,
  type ColdStartRecord,
  type RevisionStatus,
  type StatusReport,
} from '@pilotlight/telemetry'
import fc from 'fast-check'

const ms = fc.double({ min: 0, max: 1e7, noNaN: true })
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('hello-00001', '漢字'.repeat(20), '\u001b[2J\n'),
)
const steps = fc.record(
  Object.fromEntries(
    COLD_START_STEPS.map((step) => [step, fc.option(fc.double({ min: -1e4, max: 1e6, noNaN: true }))]),
  ),
) as fc.Arbitrary<ColdStartRecord['steps']>

/** Any cold start. */
export const coldStarts: fc.Arbitrary<ColdStartRecord> = fc.record({
  id: text,
  namespace: text,
  revision: text,
  instance: text,
  requestId: text,
  startedAt: text,
  steps,
  totalMs: ms,
  requests: fc.nat(),
  outcome: fc.constantFrom('served', 'abandoned', 'failed'),
  reason: text,
})

const revisions: fc.Arbitrary<RevisionStatus> = fc.record({
  namespace: text,
  name: text,
  service: text,
  state: fc.constantFrom('zero', 'starting', 'ready', 'trouble', 'ending'),
  trouble: text,
  routes: fc.constant([]),
  containerConcurrency: fc.nat(1000),
  wanted: fc.option(fc.nat(1000)),
  isPanicking: fc.boolean(),
  instances: fc.array(
    fc.record({
      name: text,
      address: text,
      state: fc.constantFrom('starting', 'ready', 'not-ready', 'ending'),
      running: fc.nat(),
      slots: fc.nat(),
      ageMs: fc.option(ms),
    }),
  ),
  held: fc.nat(),
  heldBytes: fc.nat(),
  oldestHeldMs: ms,
  running: fc.nat(),
  requestsPerSecond: ms,
  errorsPerSecond: ms,
  latency: fc.option(fc.record({ count: fc.nat(), p50: ms, p90: ms, p99: ms, max: ms })),
  lastColdStart: fc.option(coldStarts),
})

/** Any status; only its revisions differ. */
export const reports: fc.Arbitrary<StatusReport> = fc.array(revisions, { maxLength: 5 }).map((some) => ({
  version: 1,
  at: '',
  activator: {
    version: '',
    pid: 1,
    platform: 'local',
    startedAt: '',
    isReady: true,
    isConnected: true,
    rssBytes: 0,
    eventLoopDelay: { p50: 0, p99: 0, max: 0 },
    held: 0,
    heldBytes: 0,
    running: 0,
  },
  revisions: some,
  coldStarts: [],
}))
