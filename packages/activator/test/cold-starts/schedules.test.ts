import { Place } from '@pilotlight/admission'
import type { InstanceFacts } from '@pilotlight/platform'
import type { Failure } from '@pilotlight/relay'
import { COLD_START_STEPS, type ColdStartRecord, createLogger } from '@pilotlight/telemetry'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Instance } from '../../src/balance/instance.ts'
import type { Call } from '../../src/call.ts'
import type { ColdStart } from '../../src/cold-starts/cold-start.ts'
import { ColdStarts, RECORDS_MAX, WAITS_EACH_MAX, WAITS_MAX } from '../../src/cold-starts/cold-starts.ts'
import type { ColdWait } from '../../src/cold-starts/cold-wait.ts'
import type { RequestIds } from '../../src/cold-starts/request-ids.ts'
import type { Revision } from '../../src/revision.ts'

/** One thing that happens; numbers choose among what is there. */
type Event =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'arrive' | 'schedule' | 'lose' | 'trouble' }
  | { readonly kind: 'ready'; readonly listening: number; readonly age: number; readonly tells: boolean }
  | { readonly kind: 'first-byte' | 'retry' | 'break' | 'leave'; readonly which: number }

interface Model {
  readonly clock: { time: number }
  readonly recorder: ColdStarts
  readonly records: ColdStartRecord[]
}

function model(): Model {
  const clock = { time: 1000 }
  let ids = 0
  const recorder = new ColdStarts({
    ids: { identify: () => `r-${++ids}` } as unknown as RequestIds,
    log: createLogger({ config: '', level: 'fatal', name: 'test', fields: {} }),
    prefix: 'p',
    clock: { now: () => clock.time, wall: () => clock.time },
    measure: null,
  })
  const records: ColdStartRecord[] = []
  recorder.onRecord = (record) => records.push(record)
  return { clock, recorder, records }
}

/** A revision that does what the events say, in the order in which the real one tells of it. */
class ScriptedRevision {
  readonly spec = { namespace: 'default', name: 'hello-00001' }
  coldStart: ColdStart | null = null
  lastColdStart: ColdStartRecord | null = null
  scaling: { wanted: number; isPanicking: boolean; instances: InstanceFacts[] } | null = null
  trouble = ''
  readonly slots = { hasInstances: false }
  /** Requests that are there, waiting or not. */
  readonly calls: ScriptedCall[] = []
  readonly waits: ColdWait[] = []
  /** Ids of the cold starts that were seen under way. */
  readonly begun = new Set<string>()
  readonly #model: Model
  #instances = 0
  /** Of the instance that was started last, and of the one that can be used. */
  #address = ''
  #usable = ''

  constructor(parts: Model) {
    this.#model = parts
  }

  get line(): { length: number; youngest: ScriptedCall | null } {
    const waiting = this.calls.filter(({ place }) => place === Place.Waiting)
    return { length: waiting.length, youngest: waiting.at(-1) ?? null }
  }

  get needsInstance(): boolean {
    return this.line.length > 0 && !this.slots.hasInstances
  }

  perform(event: Event): void {
    const { clock } = this.#model
    switch (event.kind) {
      case 'pass':
        clock.time += event.ms
        break
      case 'arrive':
        this.#arrive()
        break
      case 'schedule':
        this.#schedule()
        break
      case 'ready':
        this.#ready(event.tells ? { listeningMs: event.listening, readyMs: event.age } : null)
        break
      case 'lose':
        this.slots.hasInstances = false
        this.scaling = this.scaling === null ? null : { ...this.scaling, instances: [] }
        if (this.scaling !== null) this.coldStart?.onScaling(this.scaling)
        if (this.needsInstance) this.#wake()
        break
      case 'trouble':
        this.#fail()
        break
      default:
        this.#happen(event.kind, event.which)
    }
    if (this.coldStart !== null) this.begun.add(this.coldStart.id)
  }

  #wake(): void {
    this.#model.recorder.onWake(this as unknown as Revision)
    if (this.coldStart !== null) this.begun.add(this.coldStart.id)
  }

  #arrive(): void {
    const { clock, recorder } = this.#model
    const call = new ScriptedCall(this, clock.time)
    recorder.onRequest()
    if (this.trouble !== '') this.trouble = ''
    this.calls.push(call)
    if (this.slots.hasInstances) return this.#dispatch(call)
    call.wasHeld = true
    call.place = Place.Waiting
    if (this.line.length === 1) this.#wake()
    recorder.onHeld(call.asCall)
    if (call.wait !== null) this.waits.push(call.wait)
  }

  #schedule(): void {
    const { time } = this.#model.clock
    this.#address = `10.0.0.${++this.#instances}:8012`
    const instance: InstanceFacts = {
      name: `hello-${this.#instances}`,
      address: this.#address,
      state: 'starting',
      scheduledAt: time,
      startedAt: time,
      listeningAt: null,
      readyAt: null,
    }
    this.scaling = { wanted: 1, isPanicking: false, instances: [instance] }
    this.coldStart?.onScaling(this.scaling)
  }

  #ready(ages: { listeningMs: number; readyMs: number } | null): void {
    if (this.#address === '' || this.slots.hasInstances) return
    this.coldStart?.onAnswered(this.#address, ages)
    this.coldStart?.onUsable({
      instances: new Map([[this.#address, true]]),
      clusterAddress: '',
      readyCount: 1,
    })
    this.slots.hasInstances = true
    this.#usable = this.#address
    for (const call of this.calls.filter(({ place }) => place === Place.Waiting)) this.#dispatch(call)
  }

  #dispatch(call: ScriptedCall): void {
    call.place = Place.Running
    call.exchange.attempts++
    const had = call.wait
    this.#model.recorder.onDispatch(call.asCall, { address: this.#usable } as Instance)
    if (call.wait !== null && call.wait !== had) this.waits.push(call.wait)
  }

  #fail(): void {
    if (this.slots.hasInstances) return
    this.trouble = 'no such command'
    for (const call of this.calls.filter(({ place }) => place === Place.Waiting)) {
      this.#model.recorder.onRefused(call.asCall, null)
      this.#end(call, 503, '')
    }
  }

  #happen(kind: 'first-byte' | 'retry' | 'break' | 'leave', which: number): void {
    const { recorder } = this.#model
    if (this.calls.length === 0) return
    const call = this.calls[which % this.calls.length]
    if (kind === 'leave') return this.#end(call, 0, 'client-gone')
    if (call.place !== Place.Running || call.hasResponse) return
    if (kind === 'break') return this.#end(call, 502, 'upstream-closed')
    if (kind === 'first-byte') {
      call.exchange.status = 200
      call.hasResponse = true
      return recorder.onResponse(call.asCall)
    }
    recorder.onRetry(call.asCall)
    if (this.slots.hasInstances) return this.#dispatch(call)
    call.place = Place.Waiting
    this.#wake()
    recorder.onHeld(call.asCall)
  }

  #end(call: ScriptedCall, status: number, failure: Failure | ''): void {
    const { clock, recorder } = this.#model
    call.exchange.status = call.hasResponse ? 200 : status
    call.exchange.failure = call.hasResponse ? '' : failure
    recorder.onDone(call.asCall, clock.time)
    this.calls.splice(this.calls.indexOf(call), 1)
    call.place = Place.Outside
  }

  /** Everybody leaves. */
  drain(): void {
    while (this.calls.length > 0) this.#end(this.calls[0], 0, 'client-gone')
  }
}

class ScriptedCall {
  readonly exchange: { startedAt: number; attempts: number; status: number; failure: Failure | '' }
  readonly revision: ScriptedRevision
  readonly isTrusted = true
  place: Place = Place.Outside
  wasHeld = false
  hasResponse = false
  requestId = ''
  wait: ColdWait | null = null

  constructor(revision: ScriptedRevision, startedAt: number) {
    this.revision = revision
    this.exchange = { startedAt, attempts: 0, status: 0, failure: '' }
  }

  get asCall(): Call {
    return this as unknown as Call
  }
}

const which = fc.nat(20)
const events: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.nat(100) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('arrive', 'arrive', 'schedule', 'lose', 'trouble') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('ready'),
      listening: fc.nat(400),
      age: fc.nat(400),
      tells: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('first-byte', 'retry', 'break', 'leave'), which }),
  },
)

/** Steps that stand in this order whatever happens, in a cold start of which all are known. */
const ORDER = ['scheduled', 'process-started', 'listening', 'ready', 'dispatched', 'first-byte'] as const

function checkRecord(record: ColdStartRecord): void {
  const { steps, outcome, totalMs, requests } = record
  deepEqual(Object.keys(steps), [...COLD_START_STEPS])
  equal(steps.queued, 0)
  const known = ORDER.flatMap((step) => (steps[step] === null ? [] : [steps[step]]))
  deepEqual(
    known,
    known.toSorted((a, b) => a - b),
    JSON.stringify(steps),
  )
  ok(steps.woken === null || steps.woken >= 0)
  ok(totalMs >= 0 && requests >= 0)
  equal(steps['first-byte'] !== null, outcome === 'served')
  if (outcome === 'served') equal(totalMs, steps['first-byte'])
}

/** Its phases follow each other without a gap, from when it came. */
function checkPhases(wait: ColdWait): void {
  let end: number | null = null
  for (const { startMs, ms } of wait.phases) {
    ok(ms > 0 && startMs >= 0)
    if (end !== null) ok(Math.abs(startMs - end) < 0.001, `${startMs} after ${end}`)
    end = startMs + ms
  }
  if (wait.firstByteAt === null || wait.firstByteAt === wait.arrivedAt) return
  ok(Math.abs((end ?? 0) - (wait.firstByteAt - wait.arrivedAt)) < 0.01, 'up to its first byte')
}

t.test(
  'whatever happens, each cold start ends once, its steps are in order, and its phases add up',
  async (t) => {
    const outcomes = new Map<string, number>()
    fc.assert(
      fc.property(fc.array(events, { maxLength: 80, size: 'max' }), (script) => {
        const parts = model()
        const revision = new ScriptedRevision(parts)
        for (const event of script) revision.perform(event)
        revision.drain()
        equal(revision.coldStart, null, 'none is left when nobody is')
        const ids = parts.records.map(({ id }) => id)
        equal(new Set(ids).size, ids.length, 'none is told twice')
        deepEqual(new Set(ids), revision.begun, 'all that began are told')
        for (const record of parts.records) {
          checkRecord(record)
          outcomes.set(record.outcome, (outcomes.get(record.outcome) ?? 0) + 1)
        }
        for (const wait of revision.waits) checkPhases(wait)
        deepEqual(parts.recorder.last, parts.records.slice(-RECORDS_MAX).toReversed())
        equal(parts.recorder.lastOf(revision as unknown as Revision), parts.records.at(-1) ?? null)
      }),
      { numRuns: 500 },
    )
    for (const outcome of ['served', 'abandoned', 'failed'])
      t.ok((outcomes.get(outcome) ?? 0) > 20, `${outcome} was among them`)
  },
)

t.test('only so many records and requests are remembered', async (t) => {
  const parts = model()
  const revision = new ScriptedRevision(parts)
  const each = WAITS_EACH_MAX + 50
  for (let i = 0; i < RECORDS_MAX + 10; i++) {
    for (let j = 0; j < each; j++) revision.perform({ kind: 'arrive' })
    revision.drain()
  }
  const { recorder, records } = parts
  t.equal(records.length, RECORDS_MAX + 10)
  t.equal(recorder.last.length, RECORDS_MAX)
  t.equal(records.at(-1)!.requests, each)
  const found = Array.from({ length: each * (RECORDS_MAX + 10) }, (_, i) => recorder.find(`r-${i + 1}`))
  t.equal(found.filter((timeline) => timeline !== null).length, WAITS_MAX)
  const newest = found.slice(-each)
  t.ok(newest.slice(0, WAITS_EACH_MAX).every((timeline) => timeline !== null))
  t.ok(newest.slice(WAITS_EACH_MAX).every((timeline) => timeline === null))
})
