import fc from 'fast-check'
import t from 'tap'
import { type ActivityFigures, ActivityReporter, type RevisionActivity } from '../src/activity.ts'

type Figures = readonly [averageConcurrency: number, requestCount: number]

/** A reporter that writes down all that a platform would hear, pokes among them. */
class Scene {
  readonly reporter = new ActivityReporter<string>()
  readonly heard: string[] = []
  readonly figures: Figures[] = []

  revision(name = 'rev'): RevisionActivity {
    return this.reporter.revision(name, () => this.hear(name, { averageConcurrency: 1, requestCount: 1 }))
  }

  hear(name: string, { averageConcurrency, requestCount }: ActivityFigures): void {
    this.heard.push(name)
    this.figures.push([averageConcurrency, requestCount])
  }

  tick(now: number): void {
    this.reporter.report(now, (name, figures) => this.hear(name, figures))
  }
}

t.test('the first request of a revision is told at once, and the next report leaves it out', async (t) => {
  const scene = new Scene()
  const revision = scene.revision()
  revision.enter(0)
  t.strictSame(scene.figures, [[1, 1]])
  revision.enter(0)
  t.strictSame(scene.figures, [[1, 1]], 'the second is not')
  scene.tick(1000)
  scene.tick(2000)
  t.strictSame(scene.figures, [
    [1, 1],
    [1, 1],
    [2, 0],
  ])
})

t.test('a request that was over before the first report leaves nothing to tell of', async (t) => {
  const scene = new Scene()
  const revision = scene.revision()
  revision.enter(0)
  revision.leave(1)
  scene.tick(1)
  scene.tick(2)
  revision.enter(3)
  t.strictSame(scene.figures, [
    [1, 1],
    [0, 0],
    [0, 0],
    [1, 1],
  ])
})

t.test('the average is over time, less the one that was poked', async (t) => {
  const scene = new Scene()
  const revision = scene.revision()
  revision.enter(0)
  revision.enter(0)
  revision.leave(1)
  revision.leave(2)
  scene.tick(2)
  t.strictSame(scene.figures, [
    [1, 1],
    [0.5, 1],
  ])
})

t.test('four requests are three in the first report and four in the second', async (t) => {
  const scene = new Scene()
  const revision = scene.revision()
  for (let i = 0; i < 4; i++) revision.enter(0)
  t.equal(revision.concurrency, 4)
  scene.tick(1000)
  scene.tick(2000)
  t.strictSame(scene.figures, [
    [1, 1],
    [3, 3],
    [4, 0],
  ])
})

t.test('an average below what the poke said is 0', async (t) => {
  const scene = new Scene()
  const revision = scene.revision()
  revision.enter(0)
  revision.leave(100)
  revision.enter(500)
  revision.leave(600)
  scene.tick(1000)
  t.strictSame(scene.figures.at(-1), [0, 1])
})

t.test('the first window begins with the request, not with the report before', async (t) => {
  const scene = new Scene()
  const revision = scene.revision()
  scene.tick(0)
  revision.enter(900)
  revision.enter(900)
  scene.tick(1000)
  t.strictSame(scene.figures.at(-1), [1, 1])
})

t.test('a revision without a request is reported once more, then not at all', async (t) => {
  const scene = new Scene()
  const revision = scene.revision()
  revision.enter(0)
  scene.tick(1000)
  revision.leave(1500)
  for (const now of [2000, 3000, 4000, 5000]) scene.tick(now)
  t.strictSame(scene.figures, [
    [1, 1],
    [0, 0],
    [0.5, 0],
    [0, 0],
  ])
  t.equal(scene.reporter.active, 0)
  t.notOk(revision.isActive)
  revision.enter(9000)
  t.strictSame(scene.figures.at(-1), [1, 1], 'the next request is the first again')
  scene.tick(10_000)
  t.strictSame(scene.figures.at(-1), [0, 0], 'and its window begins with it')
})

t.test('a first report that is 0 only for the poke does not end it', async (t) => {
  const scene = new Scene()
  const revision = scene.revision()
  revision.enter(0)
  revision.leave(1000)
  scene.tick(1000)
  t.strictSame(scene.figures.at(-1), [0, 0])
  revision.enter(1500)
  revision.leave(2000)
  scene.tick(2000)
  t.strictSame(scene.figures, [
    [1, 1],
    [0, 0],
    [0.5, 1],
  ])
})

t.test('a revision is reported for as long as a request is inside', async (t) => {
  const scene = new Scene()
  const revision = scene.revision()
  revision.enter(0)
  for (let now = 1000; now <= 60_000; now += 1000) scene.tick(now)
  t.equal(scene.heard.length, 61)
  t.strictSame(scene.figures.at(-1), [1, 0])
})

t.test('a report in the same instant does not end what has a request inside', async (t) => {
  const scene = new Scene()
  const revision = scene.revision()
  revision.enter(1000)
  scene.tick(1000)
  t.strictSame(scene.figures.at(-1), [0, 0], 'no time has passed')
  t.equal(scene.reporter.active, 1)
  revision.enter(1000)
  scene.tick(2000)
  t.strictSame(scene.figures, [
    [1, 1],
    [0, 0],
    [2, 1],
  ])
})

t.test('a report between a first request and its being counted does not end it', async (t) => {
  const figures: Figures[] = []
  const reporter = new ActivityReporter<string>()
  const report = (now: number) =>
    reporter.report(now, (_, { averageConcurrency, requestCount }) =>
      figures.push([averageConcurrency, requestCount]),
    )
  const revision = reporter.revision('rev', () => report(0))
  revision.enter(0)
  t.strictSame([reporter.active, revision.concurrency], [1, 1])
  report(1000)
  t.strictSame(figures, [
    [0, 0],
    [1, 0],
  ])
  revision.leave(1000)
  report(2000)
  t.equal(reporter.active, 0)
})

t.test('a request that comes while its revision is reported for the last time is a first one', async (t) => {
  const scene = new Scene()
  const revision = scene.revision()
  revision.enter(0)
  revision.leave(10)
  scene.tick(1000)
  scene.reporter.report(2000, () => revision.enter(2000))
  t.strictSame([scene.figures.at(-1), scene.reporter.active], [[1, 1], 1])
  scene.tick(3000)
  t.equal(scene.heard.length, 4)
})

t.test('a request that took no time is counted, and is no activity', async (t) => {
  const scene = new Scene()
  const revision = scene.revision()
  revision.enter(0)
  scene.tick(1000)
  revision.leave(1000)
  for (let i = 0; i < 5; i++) {
    revision.enter(1500)
    revision.leave(1500)
  }
  scene.tick(2000)
  t.strictSame(scene.figures.at(-1), [0, 5])
  t.equal(scene.reporter.active, 0)
})

t.test('one report tells of every active revision', async (t) => {
  const scene = new Scene()
  const [a, b, c] = ['a', 'b', 'c'].map((name) => scene.revision(name))
  scene.tick(0)
  t.strictSame(scene.heard, [], 'and of none when there is none')
  a.enter(0)
  b.enter(0)
  b.enter(0)
  scene.tick(1000)
  t.strictSame(scene.heard, ['a', 'b', 'a', 'b'])
  t.strictSame(scene.figures.slice(2), [
    [0, 0],
    [1, 1],
  ])
  a.leave(1000)
  c.enter(1500)
  scene.tick(2000)
  scene.tick(3000)
  t.strictSame(scene.heard.slice(4), ['c', 'a', 'b', 'c', 'b', 'c'])
})

t.test('time that goes backwards is no time', async (t) => {
  const scene = new Scene()
  const revision = scene.revision()
  revision.enter(500)
  revision.enter(400)
  revision.leave(450)
  scene.tick(1500)
  t.strictSame(scene.figures.at(-1), [0, 1])
  scene.tick(1400)
  t.strictSame(scene.figures.at(-1), [0, 0])
  scene.tick(2500)
  t.strictSame(scene.figures.at(-1), [1, 0])
})

interface Request {
  readonly revision: number
  readonly at: number
  readonly ms: number
}

/** One revision, told as plainly as possible: every request with its begin and end, and integrals taken over all of them. */
class Model {
  readonly requests: { from: number; to: number }[] = []
  windowStart = 0
  isActive = false
  poked = 0
  counted = 0

  enter(now: number, pokes: Figures[]): void {
    if (!this.isActive) {
      this.isActive = true
      this.windowStart = now
      this.counted = this.requests.length
      this.poked = 1
      pokes.push([1, 1])
    }
    this.requests.push({ from: now, to: Infinity })
  }

  leave(began: number, now: number): void {
    this.requests.find(({ from, to }) => from === began && to === Infinity)!.to = now
  }

  report(now: number): Figures {
    const inWindow = ({ from, to }: { from: number; to: number }) =>
      Math.max(0, Math.min(now, to) - Math.max(this.windowStart, from))
    const area = this.requests.reduce((sum, request) => sum + inWindow(request), 0)
    const average = area === 0 ? 0 : area / (now - this.windowStart)
    const figures: Figures = [
      Math.max(0, average - this.poked),
      this.requests.length - this.counted - this.poked,
    ]
    if (average === 0 && this.requests.every(({ to }) => to !== Infinity)) this.isActive = false
    this.windowStart = now
    this.counted = this.requests.length
    this.poked = 0
    return figures
  }
}

const requests: fc.Arbitrary<Request[]> = fc.array(
  fc.record({
    revision: fc.nat(2),
    at: fc.nat(9999),
    ms: fc.oneof(fc.nat(50), fc.nat(4000)),
  }),
  { maxLength: 40 },
)
const ticks = fc.array(fc.nat(12_000), { maxLength: 20 })

/** Plays requests and reports in the order of time, until all are over and nothing is left to tell of. */
const play = (
  scene: Scene,
  schedule: readonly Request[],
  reports: readonly number[],
  onReport: (now: number, revisions: readonly RevisionActivity[]) => void,
  events: { enter?: (request: Request) => void; leave?: (request: Request) => void } = {},
): void => {
  const revisions = ['0', '1', '2'].map((name) => scene.revision(name))
  const enter = (request: Request) => {
    revisions[request.revision].enter(request.at)
    events.enter?.(request)
  }
  const leave = (request: Request) => {
    revisions[request.revision].leave(request.at + request.ms)
    events.leave?.(request)
  }
  const timeline = [
    ...schedule.map((request) => ({ at: request.at, act: () => enter(request) })),
    ...schedule.map((request) => ({ at: request.at + request.ms, act: () => leave(request) })),
    ...[...reports, 20_000, 21_000].map((at) => ({ at, act: () => onReport(at, revisions) })),
  ].toSorted((a, b) => a.at - b.at)
  for (const { act } of timeline) act()
}

t.test('reports say what integrating by hand says', async () => {
  fc.assert(
    fc.property(requests, ticks, (schedule, reports) => {
      const scene = new Scene()
      const models = [new Model(), new Model(), new Model()]
      const pokes: Figures[] = []
      const check = (now: number): void => {
        const said = new Map<string, ActivityFigures>()
        scene.reporter.report(now, (name, figures) => said.set(name, figures))
        for (const [i, model] of models.entries()) {
          const got = said.get(String(i))
          if ((got !== undefined) !== model.isActive) throw new Error(`at ${now}: ${i} is reported or not`)
          if (got === undefined) continue
          const [average, count] = model.report(now)
          if (Math.abs(got.averageConcurrency - average) > 1e-9 || got.requestCount !== count)
            throw new Error(`at ${now}: ${JSON.stringify(got)} instead of ${average}, ${count}`)
        }
      }
      play(scene, schedule, reports, check, {
        enter: ({ revision, at }) => models[revision].enter(at, pokes),
        leave: ({ revision, at, ms }) => models[revision].leave(at, at + ms),
      })
      if (scene.figures.length !== pokes.length) throw new Error('more or fewer pokes')
    }),
  )
})

t.test('what pokes and reports count is what arrived', async () => {
  fc.assert(
    fc.property(requests, ticks, (schedule, reports) => {
      const scene = new Scene()
      play(scene, schedule, reports, (now) => scene.tick(now))
      for (const revision of [0, 1, 2]) {
        const arrived = schedule.filter((request) => request.revision === revision).length
        const counted = scene.figures
          .filter((_, i) => scene.heard[i] === String(revision))
          .reduce((sum, [, count]) => sum + count, 0)
        if (counted !== arrived) throw new Error(`${counted} of ${arrived}`)
      }
      if (scene.figures.some(([average, count]) => average < 0 || count < 0)) throw new Error('less than 0')
      if (scene.reporter.active > 0) throw new Error('something is left')
    }),
  )
})

t.test('nothing is dropped while a request is inside', async () => {
  fc.assert(
    fc.property(requests, ticks, (schedule, reports) => {
      const scene = new Scene()
      play(scene, schedule, reports, (now, revisions) => {
        scene.tick(now)
        const inside = revisions.filter(({ concurrency }) => concurrency > 0)
        if (inside.some(({ isActive }) => !isActive)) throw new Error('dropped with a request inside')
        if (scene.reporter.active < inside.length) throw new Error('not in the next report')
      })
    }),
  )
})
