import t from 'tap'
import { initialStatus, nextStatus, type ScaleStatus, type StatusFacts } from '../src/scale-status.ts'
import type { RevisionScaling } from '../src/revision-scaling.ts'
import { scalingWith } from './support/scaling.ts'

const START = 1_700_000_000_000
const NOW = START + 5000
const QUEUED = {
  state: 'activating',
  reason: 'Queued',
  message: 'Requests to the target are being buffered as resources are provisioned.',
}
const NO_TRAFFIC = {
  state: 'inactive',
  reason: 'NoTraffic',
  message: 'The target is not receiving traffic.',
}
const ACTIVE = { state: 'active', reason: '', message: '' }

const fresh = initialStatus(START)
const initialized: ScaleStatus = { ...fresh, isInitialized: true }
const active: ScaleStatus = {
  ...initialized,
  activity: { state: 'active', reason: '', message: '', since: START },
}
const inactive = nextStatus(scalingWith(), active, factsOf({ want: 0, now: START }))

function factsOf(facts: Partial<StatusFacts>): StatusFacts {
  return { want: 1, readyPods: 0, reachability: 'reachable', isProvisioned: true, now: NOW, ...facts }
}

function next(
  status: ScaleStatus,
  facts: Partial<StatusFacts>,
  changes: Partial<RevisionScaling> = {},
): ScaleStatus {
  return nextStatus(scalingWith(changes), status, factsOf(facts))
}

t.test('a new revision is on its way, without a word', async (t) => {
  t.strictSame(fresh, {
    activity: { state: 'activating', reason: '', message: '', since: START },
    isInitialized: false,
    desiredScale: -1,
    actualScale: 0,
  })
})

t.test('too few ready pods are on their way, if any are wanted', async (t) => {
  t.strictSame(next(fresh, { want: 1 }).activity, { ...QUEUED, since: NOW })
  t.strictSame(next(active, { want: -1 }).activity, { ...QUEUED, since: NOW })
  t.strictSame(next(inactive, { want: 1 }).activity, { ...QUEUED, since: NOW })
  t.strictSame(next(inactive, { want: -1 }).activity, inactive.activity)
})

t.test('enough ready pods make it active, if any are wanted', async (t) => {
  t.strictSame(next(initialized, { readyPods: 1 }).activity, { ...ACTIVE, since: NOW })
  t.strictSame(next(initialized, { readyPods: 1, want: -1 }).activity, { ...ACTIVE, since: NOW })
  t.strictSame(next(inactive, { readyPods: 1 }).activity, { ...ACTIVE, since: NOW })
  t.strictSame(next(inactive, { readyPods: 1, want: -1 }).activity, inactive.activity)
})

t.test('nothing wanted makes it inactive', async (t) => {
  t.strictSame(next(active, { want: 0, readyPods: 1 }).activity, { ...NO_TRAFFIC, since: NOW })
  t.strictSame(next(fresh, { want: 0 }).activity, {
    state: 'inactive',
    reason: 'TimedOut',
    message: 'The target could not be activated.',
    since: NOW,
  })
  t.strictSame(next(fresh, { want: -1 }, { initialScale: 0 }).activity, { ...NO_TRAFFIC, since: NOW })
})

t.test('a state lasts as long as its words', async (t) => {
  t.equal(next(active, { readyPods: 1 }).activity.since, START)
  const timedOut = next(fresh, { want: 0, now: START + 1 })
  t.equal(next(timedOut, { want: 0 }).activity.since, NOW, 'another reason is another state')
})

t.test('a revision is initialized once it had the pods it is to start with', async (t) => {
  t.notOk(next(fresh, { readyPods: 2 }, { initialScale: 3 }).isInitialized)
  t.ok(next(fresh, { readyPods: 3 }, { initialScale: 3 }).isInitialized)
  t.notOk(next(fresh, { readyPods: 3 }, { initialScale: 1, minScale: 4 }).isInitialized)
  t.ok(next(fresh, { readyPods: 3, reachability: 'unreachable' }, { minScale: 4 }).isInitialized)
  t.notOk(next(fresh, { readyPods: 3, isProvisioned: false }).isInitialized, 'and an address')
  t.ok(next(initialized, { readyPods: 0 }).isInitialized, 'for ever')
  t.ok(next(fresh, { want: -1 }, { initialScale: 0 }).isInitialized)
})

t.test('how many pods make it active depends on whether it is initialized', async (t) => {
  const start = { initialScale: 3 }
  t.equal(next(fresh, { want: 3, readyPods: 2 }, start).activity.state, 'activating')
  t.equal(next(initialized, { want: 3, readyPods: 1 }, start).activity.state, 'active')
  const least = { minScale: 2 }
  t.equal(next(initialized, { want: 2, readyPods: 1 }, least).activity.state, 'activating')
  t.equal(
    next(initialized, { want: 2, readyPods: 1, reachability: 'unreachable' }, least).activity.state,
    'active',
  )
  t.equal(
    next(initialized, { want: 2, readyPods: 1, reachability: 'unknown' }, least).activity.state,
    'activating',
  )
})

t.test('an unknown scale does not overwrite one that was known', async (t) => {
  t.match(next(fresh, { want: 1 }), { desiredScale: 1, actualScale: 0 })
  t.match(next({ ...fresh, desiredScale: 2 }, { want: -1, readyPods: 2 }), {
    desiredScale: 2,
    actualScale: 2,
  })
  t.match(next(fresh, { want: -1 }), { desiredScale: -1 })
  t.match(next({ ...fresh, desiredScale: 2 }, { want: 0 }), { desiredScale: 0 })
})
