import t, { type Test } from 'tap'
import { failure, type ProbeOutcome } from '@pilotlight/probe'
import { type LoopUse, ProbeLoop, TICK_MS, WINDOW_MS } from '../../src/readiness/probe-loop.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'

const refused: ProbeOutcome = { text: 'refused', isRefused: true }
const failed = failure('not yet')

/** A loop whose attempts end as the test says, on a clock that the test turns. */
class Scene {
  readonly clock = new FakeClock()
  readonly lines: string[] = []
  /** When each attempt began, ms from the start. */
  readonly begun: number[] = []
  readonly timeouts = new Set<number>()
  cancelled = 0
  /** What attempts come to, and how long they take, ms. */
  outcome: ProbeOutcome = refused
  tookMs = 0
  readonly loop: ProbeLoop
  readonly #startedAt = this.clock.now()

  constructor(t: Test, successThreshold = 1) {
    this.loop = new ProbeLoop({
      clock: this.clock,
      attemptMs: 100,
      successThreshold,
      start: (timeoutMs) => {
        this.timeouts.add(timeoutMs)
        this.begun.push(this.clock.now() - this.#startedAt)
        const { outcome, tookMs } = this
        let stop = (): void => {}
        const later = new Promise<void>((resolve) => {
          if (tookMs === 0) resolve()
          else stop = this.clock.after(tookMs, resolve)
        })
        return {
          outcome: later.then(() => outcome),
          cancel: () => {
            stop()
            this.cancelled++
          },
        }
      },
      print: (line) => this.lines.push(line),
    })
    t.teardown(() => {
      this.loop.close()
      if (this.clock.pending > 0) throw new Error('a timer is left')
    })
  }

  /** How many attempts begin while `ms` pass. */
  async attemptsIn(ms: number): Promise<number> {
    const before = this.begun.length
    await this.clock.advance(ms)
    return this.begun.length - before
  }
}

/** Whether the run has ended for this user, and how. */
async function stateOf(use: LoopUse): Promise<string> {
  await settle()
  return Promise.race([use.result, Promise.resolve('running')])
}

t.test('nothing runs until somebody asks, and when nobody asks any more', async (t) => {
  const scene = new Scene(t)
  t.equal(await scene.attemptsIn(1000), 0)
  const use = scene.loop.join()
  t.ok((await scene.attemptsIn(100)) > 0)
  use.leave(false)
  t.equal(await use.result, 'left')
  t.equal(await scene.attemptsIn(10_000), 0)
  t.strictSame(scene.lines, [], 'and nothing is said')
})

t.test('an app that is ready is so at the first attempt', async (t) => {
  const scene = new Scene(t)
  scene.outcome = null
  t.equal(await stateOf(scene.loop.join()), 'ready')
  t.strictSame(scene.begun, [0])
  t.strictSame([...scene.timeouts], [100])
  t.strictSame(scene.lines, [])
})

t.test('while nothing listens attempts come every 1 ms, then every 5 ms', async (t) => {
  const scene = new Scene(t)
  const use = scene.loop.join()
  const first = await scene.attemptsIn(200)
  t.ok(first > 190 && first < 210, `${first} in the first 200 ms`)
  const later = await scene.attemptsIn(800)
  t.ok(later > 280 && later < 360, `${later} up to the first second`)
  const rest = await scene.attemptsIn(5000)
  t.ok(rest > 990 && rest < 1010, `${rest} in 5 s more`)
  t.ok(
    scene.begun.every((at, i) => i === 0 || at - scene.begun[i - 1] <= 5.001),
    'never more apart',
  )
  use.leave(false)
})

t.test('the next window of a wait goes on at the pace of the last one', async (t) => {
  const scene = new Scene(t)
  const use = scene.loop.join()
  await scene.clock.advance(WINDOW_MS)
  t.equal(await use.result, 'expired')
  const next = scene.loop.join()
  t.ok((await scene.attemptsIn(100)) <= 22)
  next.leave(false)
  await scene.clock.advance(2000)
  const another = scene.loop.join()
  t.ok((await scene.attemptsIn(100)) > 90, 'a wait of its own begins closely')
  another.leave(false)
})

t.test('what listens and is not ready is asked at pauses that grow to 50 ms', async (t) => {
  const scene = new Scene(t)
  scene.outcome = failed
  const use = scene.loop.join()
  await scene.clock.advance(230)
  t.strictSame(scene.begun, [0, 5, 15, 35, 75, 125, 175, 225])
  use.leave(false)
})

t.test('pauses are short again once the port was closed in between', async (t) => {
  const scene = new Scene(t)
  scene.outcome = failed
  const use = scene.loop.join()
  await scene.clock.advance(200)
  scene.outcome = refused
  await scene.clock.advance(30)
  scene.outcome = failed
  await scene.clock.advance(2)
  t.ok((await scene.attemptsIn(40)) >= 3)
  use.leave(false)
})

t.test('an attempt that takes longer than the pause is followed at once', async (t) => {
  const scene = new Scene(t)
  scene.outcome = failed
  scene.tookMs = 100
  const use = scene.loop.join()
  await scene.clock.advance(450)
  t.strictSame(scene.begun, [0, 100, 200, 300, 400], 'as late ticks coalesce in Knative')
  use.leave(false)
})

t.test('the window is 10 s, and its end says why', async (t) => {
  const scene = new Scene(t)
  scene.outcome = failed
  const use = scene.loop.join()
  await scene.clock.advance(WINDOW_MS - 1)
  t.equal(await stateOf(use), 'running')
  t.strictSame(scene.lines, [])
  await scene.clock.advance(1)
  t.equal(await stateOf(use), 'expired')
  t.strictSame(scene.lines, [`aggressive probe error (failed ${scene.begun.length} times): not yet`])
})

t.test('an attempt under way at the end of the window may still succeed', async (t) => {
  const scene = new Scene(t)
  scene.outcome = failed
  const use = scene.loop.join()
  await scene.clock.advance(WINDOW_MS - 60)
  scene.outcome = null
  scene.tookMs = 90
  await scene.clock.advance(60)
  t.equal(await stateOf(use), 'running')
  await scene.clock.advance(90)
  t.equal(await stateOf(use), 'ready')
  t.strictSame(scene.lines, [])
})

t.test('a threshold of 3 takes three successes in a row, 50 ms apart', async (t) => {
  const scene = new Scene(t, 3)
  scene.outcome = null
  const use = scene.loop.join()
  await scene.clock.advance(TICK_MS * 2 - 1)
  t.equal(await stateOf(use), 'running')
  await scene.clock.advance(1)
  t.equal(await stateOf(use), 'ready')
  t.strictSame(scene.begun, [0, 50, 100])
})

t.test('a failure in between begins the count anew', async (t) => {
  const scene = new Scene(t, 3)
  scene.outcome = null
  const use = scene.loop.join()
  await settle()
  scene.outcome = failed
  await scene.clock.advance(TICK_MS)
  scene.outcome = null
  await scene.clock.advance(200)
  t.equal(await stateOf(use), 'ready')
  t.equal(scene.begun.length, 5)
})

t.test('the count goes on from run to run', async (t) => {
  const scene = new Scene(t, 3)
  scene.outcome = null
  const use = scene.loop.join()
  await scene.clock.advance(TICK_MS)
  use.leave(false)
  t.equal(await stateOf(scene.loop.join()), 'ready', 'two before, one now')
  t.equal(await stateOf(scene.loop.join()), 'ready', 'then one is enough')
  t.equal(scene.begun.length, 4)
  scene.loop.note(failed)
  const later = scene.loop.join()
  t.equal(await stateOf(later), 'running', 'until one fails elsewhere')
  later.leave(false)
})

t.test('users share one run; it ends with its last', async (t) => {
  const scene = new Scene(t)
  scene.outcome = failed
  const uses = [scene.loop.join(), scene.loop.join(), scene.loop.join()]
  await settle()
  t.strictSame(scene.begun, [0])
  uses[0].leave(false)
  uses[0].leave(false)
  uses[1].leave(false)
  t.equal(await stateOf(uses[2]), 'running')
  t.ok((await scene.attemptsIn(100)) > 0)
  scene.outcome = null
  await scene.clock.advance(TICK_MS)
  t.strictSame(await Promise.all(uses.map((use) => use.result)), ['ready', 'ready', 'ready'])
})

t.test('the last user whose own time was over says why; the attempt under way is cancelled', async (t) => {
  const scene = new Scene(t)
  scene.outcome = failed
  const use = scene.loop.join()
  await settle()
  scene.tookMs = 80
  await scene.clock.advance(10)
  use.leave(true)
  t.equal(await stateOf(use), 'left')
  t.equal(scene.cancelled, 1)
  t.strictSame(scene.lines, ['aggressive probe error (failed 1 times): not yet'])
  use.leave(true)
  t.equal(scene.lines.length, 1)
})

t.test('an attempt that ends after its run was ended changes nothing', async (t) => {
  const scene = new Scene(t)
  let finish: (outcome: ProbeOutcome) => void = () => {}
  let begun = 0
  const loop = new ProbeLoop({
    clock: scene.clock,
    attemptMs: 100,
    successThreshold: 1,
    start: () => {
      begun++
      return { outcome: new Promise((resolve) => (finish = resolve)), cancel: () => {} }
    },
    print: (line) => scene.lines.push(line),
  })
  loop.join().leave(false)
  const finishFirst = finish
  const second = loop.join()
  finishFirst(null)
  t.equal(await stateOf(second), 'running')
  loop.join().leave(false)
  t.equal(begun, 2, 'the second run is still there to join')
  finish(null)
  t.equal(await stateOf(second), 'ready')
  t.equal(begun, 2)
})
