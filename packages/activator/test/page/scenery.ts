import type { StatusReport } from '@pilotlight/telemetry'
import { coldStart, instance, NOW, report, revision } from './reports.ts'

/** A report with everything in it, for pictures. Its rates go up and down with `seconds`. */
export function everything(seconds: number): StatusReport {
  const wave = 60 + 50 * Math.sin(seconds / 9) + (seconds % 7)
  const base = report({}, seconds)
  return {
    ...base,
    activator: { ...base.activator, held: 17, heldBytes: 34_816, running: 31 },
    revisions: [
      revision('checkout-00001', {
        state: 'ending',
        routes: [],
        instances: [instance('checkout-00001-9dkq2', { state: 'ending', running: 1, ageMs: 7_500_000 })],
        running: 1,
      }),
      revision('checkout-00002', {
        state: 'ready',
        routes: [
          { host: 'checkout.default.localhost', percent: 90, tag: '' },
          { host: 'latest-checkout.default.localhost', percent: 100, tag: 'latest' },
        ],
        wanted: 4,
        isPanicking: true,
        instances: [
          instance('checkout-00002-x7k2p', { running: 10 }),
          instance('checkout-00002-m3wtz', { running: 8, ageMs: 41_000, address: '127.0.0.1:40002' }),
          instance('checkout-00002-q8vjf', { running: 2, ageMs: 12_000, address: '127.0.0.1:40003' }),
          instance('checkout-00002-c4hns', { state: 'starting', ageMs: 700, address: '' }),
        ],
        running: 20,
        requestsPerSecond: wave,
        errorsPerSecond: seconds > 60 ? 2.4 : 0,
        latency: { count: 4120, p50: 18, p90: 74.2, p99: 412, max: 1_391 },
      }),
      revision('checkout-00003', {
        state: 'trouble',
        trouble:
          'Instance checkout-00003-zz81a ended with exit code 1 before it was ready: Error: Cannot find module "./server.js"',
        routes: [{ host: 'checkout.default.localhost', percent: 10, tag: '' }],
        wanted: 1,
        held: 3,
        heldBytes: 2_048,
        oldestHeldMs: 6_240,
      }),
      revision('hello-00001', { state: 'zero' }),
      revision('thumbnails-00007', {
        state: 'starting',
        containerConcurrency: 0,
        wanted: 1,
        held: 14,
        heldBytes: 32_768,
        oldestHeldMs: 840,
        instances: [
          instance('thumbnails-00007-b2kks', { state: 'starting', slots: 0, ageMs: 800, address: '' }),
        ],
        requestsPerSecond: wave / 20,
      }),
    ],
    coldStarts: [
      coldStart('4', { revision: 'checkout-00002', startedAt: new Date(NOW - 14_000).toISOString() }),
      coldStart('3', {
        revision: 'checkout-00003',
        outcome: 'failed',
        reason: 'exit code 1 before it was ready: Error: Cannot find module "./server.js"',
        instance: '',
        totalMs: 412,
        steps: { listening: null, ready: null, dispatched: null, 'first-byte': null },
      }),
      coldStart('2', {
        revision: 'thumbnails-00007',
        startedAt: new Date(NOW - 95_000).toISOString(),
        totalMs: 236,
        requests: 1,
        steps: { scheduled: null, listening: 96, ready: 171, dispatched: 172, 'first-byte': 236 },
      }),
      coldStart('1', {
        startedAt: new Date(NOW - 640_000).toISOString(),
        totalMs: 30_000,
        requests: 41,
        outcome: 'abandoned',
        steps: { listening: 900, ready: null, dispatched: null, 'first-byte': null },
      }),
    ],
  }
}
