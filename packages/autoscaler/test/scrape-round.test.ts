import fc from 'fast-check'
import t from 'tap'
import { activatorStat, extrapolate, type LoadStat, sumOf } from '../src/load-stat.ts'
import { sampleSize, scrapeOrder, ScrapeRound } from '../src/scrape-round.ts'

const stat = (concurrency: number): LoadStat => ({
  averageConcurrency: concurrency,
  averageProxiedConcurrency: concurrency / 2,
  requestRate: concurrency * 10,
  proxiedRequestRate: concurrency * 5,
})
const pods = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

t.test('few pods are all asked, of many enough for a fair picture', async (t) => {
  t.strictSame([-1, 0, 1, 2, 3, 4, 5, 10, 100, 1000].map(sampleSize), [0, 0, 1, 2, 3, 4, 4, 7, 14, 16])
})

t.test('old pods are asked first, in any order; young ones where they do not suffice', async (t) => {
  const last = (): number => 0.999
  const first = (): number => 0
  t.strictSame(scrapeOrder([1, 2, 3, 4, 5], [6], last), [1, 2, 3, 4, 5, 6])
  t.strictSame(scrapeOrder([1, 2, 3, 4, 5, 6], [7, 8], first), [2, 3, 4, 5, 6, 1, 7, 8], 'six of eight')
  t.strictSame(scrapeOrder([1, 2, 3, 4, 5], [6, 7, 8], first), [1, 2, 3, 4, 5, 7, 8, 6])
  t.strictSame(scrapeOrder([1, 2], [6, 7, 8], first), [1, 2, 7, 8, 6])
  t.strictSame(scrapeOrder([1, 2, 3, 4], [6], first), [2, 3, 4, 1, 6])
})

t.test('an order has each pod once', async () => {
  fc.assert(
    fc.property(
      fc.nat(20),
      fc.nat(20),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      (old, young, random) => {
        const all = pods(old + young)
        const order = scrapeOrder(all.slice(0, old), all.slice(old), () => random.next().value ?? 0)
        if (order.toSorted((a, b) => a - b).join() !== all.join()) throw new Error(order.join())
        if (order.slice(0, old).some((pod) => pod >= old)) throw new Error('a young one before an old one')
      },
    ),
  )
})

t.test('a round asks as many as it needs and speaks for all', async (t) => {
  const round = new ScrapeRound(pods(10))
  const asked = round.start()
  t.strictSame(asked, [0, 1, 2, 3, 4, 5, 6])
  for (const pod of asked) {
    t.equal(round.state, 'running')
    t.equal(round.stat, null)
    round.onAnswer(stat(pod))
  }
  t.equal(round.state, 'answered')
  t.strictSame(round.stat, extrapolate(asked.map(stat), 10))
  t.equal(round.stat?.averageConcurrency, 30)
})

t.test('who does not answer is replaced, while there are others', async (t) => {
  const round = new ScrapeRound(pods(5))
  t.strictSame(round.start(), [0, 1, 2, 3])
  t.equal(round.onFailure(false), 4)
  for (const pod of [0, 1, 2]) round.onAnswer(stat(pod))
  t.equal(round.state, 'running')
  round.onAnswer(stat(4))
  t.equal(round.stat?.averageConcurrency, (7 / 4) * 5)
})

t.test('a round fails when too few answer', async (t) => {
  const round = new ScrapeRound(pods(2))
  round.start()
  round.onAnswer(stat(1))
  t.equal(round.onFailure(true), null)
  t.equal(round.state, 'failed')
  t.equal(round.stat, null)
})

t.test('pods that all refuse stand behind a mesh', async (t) => {
  const answers = (refusals: boolean[]): string => {
    const round = new ScrapeRound(pods(refusals.length))
    round.start()
    for (const isRefusal of refusals) round.onFailure(isRefusal)
    return round.state
  }
  t.equal(answers([true, true]), 'refused')
  t.equal(answers([true, false]), 'failed')
})

t.test('without pods there is nothing to ask and nothing to record', async (t) => {
  const round = new ScrapeRound([])
  t.strictSame(round.start(), [])
  t.equal(round.state, 'answered')
  t.equal(round.stat, null)
})

t.test('reports of several sources add up', async (t) => {
  t.strictSame(sumOf([stat(1), stat(2), activatorStat(4, 7)]), {
    averageConcurrency: 7,
    averageProxiedConcurrency: 1.5,
    requestRate: 37,
    proxiedRequestRate: 15,
  })
  t.strictSame(sumOf([]), activatorStat(0, 0))
})
