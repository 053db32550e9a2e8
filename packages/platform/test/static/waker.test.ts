import t from 'tap'
import type { WakeAction } from '../../src/static/static-config.ts'
import { DONE, WakeOutcome, type WakeResult } from '../../src/static/wake-result.ts'
import { Waker } from '../../src/static/waker.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'

const ACTION: WakeAction = { kind: 'exec', command: ['start'], timeoutMs: 1000 }
const OTHER: WakeAction = { kind: 'http', url: 'http://a', timeoutMs: 1000 }
const FAILED: WakeResult = { outcome: WakeOutcome.Failed, reason: 'it failed', detail: { output: 'why' } }
const UNKNOWN: WakeResult = { outcome: WakeOutcome.Unknown, reason: 'no answer', detail: {} }

/** A waker whose wake-ups end when the test says so, on a clock the test turns. */
class Scene {
  readonly clock = new FakeClock()
  /** What was done so far. */
  readonly actions: WakeAction[] = []
  readonly troubles: string[] = []
  readonly failures: WakeResult[] = []
  stopped = 0
  #end: ((result: WakeResult) => void) | null = null
  readonly waker = new Waker(ACTION, {
    run: (action) => {
      if (this.#end !== null) throw new Error('two at a time')
      this.actions.push(action)
      const result = new Promise<WakeResult>((resolve) => (this.#end = resolve))
      return { result, stop: () => this.stopped++ }
    },
    clock: this.clock,
    onFailure: (result) => this.failures.push(result),
    onTrouble: (reason) => this.troubles.push(reason),
  })

  /** How many were begun. */
  get begun(): number {
    return this.actions.length
  }

  async ends(result: WakeResult): Promise<void> {
    this.#end!(result)
    this.#end = null
    await settle()
  }
}

t.test('one wake-up runs at a time, and serves all who ask for it meanwhile', async (t) => {
  const scene = new Scene()
  for (let i = 0; i < 3; i++) scene.waker.wake()
  t.equal(scene.begun, 1)
  await scene.ends(DONE)
  scene.clock.pass(60_000)
  t.equal(scene.begun, 1)
  t.strictSame([scene.troubles, scene.failures], [[], []])
})

t.test('one that was done is repeated when it is asked for after a second, and no sooner', async (t) => {
  const scene = new Scene()
  scene.waker.wake()
  await scene.ends(DONE)
  scene.clock.pass(999)
  scene.waker.wake()
  t.equal(scene.begun, 1)
  t.equal(scene.clock.waiting, 0, 'whoever still waits asks again')
  scene.clock.pass(1)
  scene.waker.wake()
  t.equal(scene.begun, 2)
})

t.test('one that failed is repeated after pauses that double to half a minute', async (t) => {
  const scene = new Scene()
  scene.waker.wake()
  for (const pause of [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    const { begun } = scene
    await scene.ends(FAILED)
    for (let i = 0; i < 3; i++) scene.waker.wake()
    t.equal(scene.clock.waiting, 1)
    scene.clock.pass(pause - 1)
    t.equal(scene.begun, begun)
    scene.clock.pass(1)
    t.equal(scene.begun, begun + 1)
  }
  await scene.ends(DONE)
  scene.clock.pass(1000)
  scene.waker.wake()
  await scene.ends(FAILED)
  scene.waker.wake()
  scene.clock.pass(500)
  t.equal(scene.begun, 11, 'after one that was done it begins anew')
})

t.test(
  'one that failed and was asked for meanwhile is repeated once, and then only when it is asked for',
  async (t) => {
    const scene = new Scene()
    for (let i = 0; i < 5; i++) scene.waker.wake()
    await scene.ends(FAILED)
    scene.clock.pass(500)
    t.equal(scene.begun, 2)
    await scene.ends(FAILED)
    scene.clock.pass(60_000)
    t.equal(scene.begun, 2)
    scene.waker.wake()
    t.equal(scene.begun, 3, 'the pause is over')
  },
)

t.test('a failure is told once, and taken back by success', async (t) => {
  const scene = new Scene()
  scene.waker.wake()
  await scene.ends(FAILED)
  scene.waker.wake()
  scene.clock.pass(500)
  await scene.ends(FAILED)
  t.strictSame(scene.troubles, ['it failed'])
  t.strictSame(scene.failures, [FAILED, FAILED], 'the log has both')
  scene.waker.wake()
  scene.clock.pass(1000)
  await scene.ends({ ...FAILED, reason: 'it failed otherwise' })
  scene.waker.wake()
  scene.clock.pass(2000)
  await scene.ends(DONE)
  t.strictSame(scene.troubles, ['it failed', 'it failed otherwise', ''])
})

t.test(
  'one of which nobody knows how it ended waits as after a failure, and is told to nobody',
  async (t) => {
    const scene = new Scene()
    scene.waker.wake()
    scene.waker.wake()
    await scene.ends(UNKNOWN)
    t.strictSame([scene.troubles, scene.failures], [[], [UNKNOWN]])
    scene.clock.pass(499)
    t.equal(scene.begun, 1)
    scene.clock.pass(1)
    t.equal(scene.begun, 2)
  },
)

t.test('instances that appear end the trouble, and what was still to be done', async (t) => {
  const scene = new Scene()
  scene.waker.wake()
  await scene.ends(FAILED)
  scene.waker.wake()
  scene.waker.onInstances()
  t.strictSame(scene.troubles, ['it failed', ''])
  t.equal(scene.clock.waiting, 0)
  scene.clock.pass(60_000)
  t.equal(scene.begun, 1)
  scene.waker.wake()
  scene.waker.wake()
  scene.waker.onInstances()
  await scene.ends(FAILED)
  scene.clock.pass(60_000)
  t.equal(scene.begun, 2, 'also what was asked for while one ran')
})

t.test('another action is done at once, whatever the old one has earned', async (t) => {
  const scene = new Scene()
  scene.waker.wake()
  await scene.ends(FAILED)
  scene.waker.wake()
  scene.waker.setAction({ ...ACTION, command: ['start'] })
  t.strictSame([scene.begun, scene.troubles], [1, ['it failed']], 'the same is no other')
  scene.waker.setAction(OTHER)
  t.strictSame(scene.actions, [ACTION, OTHER])
  t.strictSame(scene.troubles, ['it failed', ''])
})

t.test('how the old action ends says nothing about another', async (t) => {
  const scene = new Scene()
  scene.waker.wake()
  scene.waker.setAction(OTHER)
  scene.waker.wake()
  await scene.ends(FAILED)
  t.strictSame(scene.actions, [ACTION, OTHER])
  t.strictSame(scene.troubles, [])
})

t.test('at the end a wake-up that runs is stopped and waited for, and nothing is told', async (t) => {
  const scene = new Scene()
  scene.waker.wake()
  scene.waker.wake()
  let isClosed = false
  const closed = scene.waker.close().then(() => (isClosed = true))
  await settle()
  t.strictSame([scene.stopped, isClosed], [1, false])
  await scene.ends(FAILED)
  await closed
  scene.waker.wake()
  scene.waker.onInstances()
  scene.clock.pass(60_000)
  t.strictSame([scene.begun, scene.clock.waiting, scene.troubles, scene.failures], [1, 0, [], []])
  await scene.waker.close()
})

t.test('a pause ends with the waker', async (t) => {
  const scene = new Scene()
  scene.waker.wake()
  await scene.ends(FAILED)
  scene.waker.wake()
  await scene.waker.close()
  t.strictSame([scene.clock.waiting, scene.troubles], [0, ['it failed']])
})

t.test('when nothing wakes it any more, trouble is taken back', async (t) => {
  const scene = new Scene()
  scene.waker.wake()
  await scene.ends(FAILED)
  await scene.waker.retire()
  t.strictSame(scene.troubles, ['it failed', ''])
})
