import t from 'tap'
import type { Reachability } from '../src/reachability.ts'
import type { RevisionScaling } from '../src/revision-scaling.ts'
import type { ActivatorPath, OrderFacts, ScaleOrder } from '../src/scale-order.ts'
import type { ActivityState, ScaleStatus } from '../src/scale-status.ts'
import { scaleOrder } from '../src/scaler.ts'
import { scalingWith } from './support/scaling.ts'

const SECOND = 1000
const NOW = 1_700_000_000_000
const GRACE = 60 * SECOND
const WINDOW = 5 * 60 * SECOND
const PATIENCE = (600 + 30) * SECOND

/** What a test changes. */
interface Case {
  readonly scaling?: Partial<RevisionScaling>
  readonly desired: number
  /** The state, and for how many ms. */
  readonly state?: ActivityState
  readonly forMs?: number
  readonly isInitialized?: boolean
  readonly reachability?: Reachability
  readonly path?: Partial<ActivatorPath>
}

function orderFor(one: Case): ScaleOrder {
  const { state = 'activating', forMs = 0, isInitialized = false, reachability = 'reachable' } = one
  const status: ScaleStatus = {
    activity: { state, reason: '', message: '', since: NOW - forMs },
    isInitialized,
    desiredScale: -1,
    actualScale: 0,
  }
  const path = { isProvisioned: true, isProxied: false, proxiedSince: null, isActivatorAnswering: true }
  const facts: OrderFacts = {
    desiredScale: one.desired,
    reachability,
    status,
    path: { ...path, ...one.path },
    now: NOW,
  }
  const scaling = scalingWith({ stableWindowMs: WINDOW, scaleToZeroGraceMs: GRACE, ...one.scaling })
  return scaleOrder(scaling, facts)
}

const applied = (want: number, reason: string, recheckAfterMs: number | null = null) => ({
  want,
  isApplied: true,
  recheckAfterMs,
  wantsProbe: false,
  reason,
})
const kept = (want: number, reason: string, recheckAfterMs: number | null = null) => ({
  ...applied(want, reason, recheckAfterMs),
  isApplied: false,
})

t.test('what is desired is done', async (t) => {
  t.strictSame(orderFor({ desired: 10 }), applied(10, 'desired'))
  t.strictSame(orderFor({ desired: 1, state: 'inactive', forMs: GRACE / 2 }), applied(1, 'desired'))
})

t.test('nothing is done while nothing is known, unless the revision is just made', async (t) => {
  t.strictSame(orderFor({ desired: -1, state: 'inactive' }), kept(-1, 'scale-unknown'))
  t.strictSame(orderFor({ desired: -1, state: 'active' }), kept(-1, 'scale-unknown'))
  t.strictSame(orderFor({ desired: -1, scaling: { minScale: 3 } }), applied(3, 'min-scale'))
  t.strictSame(
    orderFor({ desired: -1, state: 'active', scaling: { isScaleToZeroEnabled: false } }),
    kept(-1, 'scale-unknown'),
  )
})

t.test('nothing is done before there is an address', async (t) => {
  t.strictSame(orderFor({ desired: 5, path: { isProvisioned: false } }), kept(-1, 'not-provisioned'))
})

t.test('the scale stays within its bounds, and the lower one wins', async (t) => {
  t.strictSame(orderFor({ desired: 10, scaling: { maxScale: 8 } }), applied(8, 'max-scale'))
  t.strictSame(orderFor({ desired: 8, scaling: { maxScale: 8 } }), applied(8, 'desired'))
  t.strictSame(orderFor({ desired: 1, scaling: { minScale: 2 } }), applied(2, 'min-scale'))
  t.strictSame(orderFor({ desired: 4, scaling: { minScale: 5, maxScale: 3 } }), applied(5, 'min-scale'))
  for (const forMs of [GRACE - SECOND, GRACE])
    t.strictSame(
      orderFor({ desired: 0, state: 'inactive', forMs, scaling: { minScale: 2 } }),
      applied(2, 'min-scale'),
    )
})

t.test('where no route leads there is no minimum; where that is not known there is', async (t) => {
  const one = { desired: 0, state: 'inactive', forMs: GRACE, scaling: { minScale: 2 } } as const
  t.strictSame(orderFor({ ...one, reachability: 'unreachable' }), applied(0, 'idle'))
  t.strictSame(orderFor({ ...one, reachability: 'unknown' }), applied(2, 'min-scale'))
})

t.test('a revision is not scaled below what it is to start with, until it had that', async (t) => {
  const start = { initialScale: 5 }
  t.strictSame(orderFor({ desired: 1, scaling: start }), applied(5, 'min-scale'))
  t.strictSame(orderFor({ desired: 7, scaling: start }), applied(7, 'desired'))
  t.strictSame(orderFor({ desired: 1, isInitialized: true, scaling: start }), applied(1, 'desired'))
  t.strictSame(orderFor({ desired: 1, reachability: 'unreachable', scaling: start }), applied(1, 'desired'))
  t.strictSame(orderFor({ desired: 1, scaling: { ...start, minScale: 6 } }), applied(6, 'min-scale'))
  t.strictSame(orderFor({ desired: 1, scaling: { ...start, maxScale: 3 } }), applied(5, 'min-scale'))
  t.strictSame(
    orderFor({ desired: 0, scaling: { initialScale: 1 }, forMs: SECOND }),
    kept(-1, 'activating', PATIENCE),
  )
})

t.test('nothing wanted is one pod where scaling to zero is disabled', async (t) => {
  const disabled = { isScaleToZeroEnabled: false }
  for (const state of ['active', 'inactive', 'activating'] as const)
    t.strictSame(
      orderFor({ desired: 0, state, forMs: 2 * WINDOW, scaling: disabled }),
      applied(1, 'scale-to-zero-disabled'),
    )
})

t.test('a first pod may come until its deadline, and a while longer', async (t) => {
  t.strictSame(orderFor({ desired: 0, forMs: PATIENCE / 2 }), kept(-1, 'activating', PATIENCE))
  t.strictSame(orderFor({ desired: 0, forMs: PATIENCE }), kept(-1, 'activating', PATIENCE))
  t.strictSame(orderFor({ desired: 0, forMs: PATIENCE + 1 }), applied(0, 'activation-timed-out'))
  const short = { progressDeadlineMs: 5 * SECOND }
  t.strictSame(orderFor({ desired: 0, forMs: 35_001, scaling: short }), applied(0, 'activation-timed-out'))
})

t.test('an active revision keeps one pod until it was active for a stable window', async (t) => {
  t.strictSame(
    orderFor({ desired: 0, state: 'active', forMs: WINDOW - SECOND }),
    applied(1, 'recently-active', SECOND),
  )
  t.strictSame(orderFor({ desired: 0, state: 'active', forMs: WINDOW }), kept(0, 'deactivating'))
  t.strictSame(
    orderFor({ desired: 0, state: 'active', forMs: WINDOW, path: { isProxied: true } }),
    kept(0, 'deactivating', 3 * SECOND),
    'nothing else will change, so look again',
  )
})

t.test('the last pod stays until the activator answers in its place', async (t) => {
  for (const isActivatorAnswering of [false, null]) {
    const one = { desired: 0, state: 'inactive', forMs: 2 * GRACE, path: { isActivatorAnswering } } as const
    const order = { ...kept(0, 'activator-not-in-path', SECOND), wantsProbe: true }
    t.strictSame(orderFor(one), order)
    t.strictSame(orderFor({ ...one, scaling: { targetBurstCapacity: 0 } }), order)
    t.strictSame(
      orderFor({ ...one, scaling: { targetBurstCapacity: -1 } }),
      applied(0, 'idle'),
      'it always does',
    )
  }
})

t.test('the last pod goes after the grace period', async (t) => {
  const inactive = (forMs: number, path: Partial<ActivatorPath> = {}): ScaleOrder =>
    orderFor({ desired: 0, state: 'inactive', forMs, path })
  t.strictSame(inactive(GRACE), applied(0, 'idle'))
  t.strictSame(inactive(GRACE - SECOND), kept(0, 'grace-period', GRACE))
  const since = (ms: number): Partial<ActivatorPath> => ({ proxiedSince: NOW - ms })
  t.strictSame(inactive(SECOND, since(GRACE - SECOND)), kept(0, 'grace-period', SECOND))
  t.strictSame(inactive(SECOND, since(GRACE)), applied(0, 'idle'), 'also when the activator was there before')
})

t.test('the last pod goes after its retention', async (t) => {
  const inactive = (forMs: number, podRetentionMs: number, one: Partial<Case> = {}): ScaleOrder =>
    orderFor({ desired: 0, state: 'inactive', forMs, scaling: { podRetentionMs }, ...one })
  t.strictSame(inactive(GRACE, 2 * GRACE), kept(0, 'pod-retention', GRACE))
  t.strictSame(inactive(2 * GRACE, 2 * GRACE), applied(0, 'idle'))
  t.strictSame(inactive(GRACE, GRACE), applied(0, 'idle'))
  const proxied = { path: { proxiedSince: NOW - GRACE } }
  t.strictSame(
    inactive(GRACE - SECOND, 42 * SECOND, proxied),
    applied(0, 'idle'),
    'it is over, and the grace too',
  )
  t.strictSame(inactive(40 * SECOND, 42 * SECOND, proxied), kept(0, 'pod-retention', 2 * SECOND))
})

t.test('where no route leads there is no retention, but grace', async (t) => {
  const one: Case = {
    desired: 0,
    state: 'inactive',
    reachability: 'unreachable',
    scaling: { podRetentionMs: 10 * GRACE },
  }
  t.strictSame(orderFor({ ...one, forMs: GRACE }), applied(0, 'idle'))
  t.strictSame(orderFor({ ...one, forMs: GRACE - SECOND }), kept(0, 'grace-period', GRACE))
})
