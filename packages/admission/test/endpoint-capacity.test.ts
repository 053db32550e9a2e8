import fc from 'fast-check'
import t from 'tap'
import { endpointCapacity } from '../src/endpoint-capacity.ts'
import { assignSlice } from '../src/slice.ts'

/** Slots of a revision with that many instances, as activator `self` of `count` has them. */
const sliced = (containerConcurrency: number, instances: number, self: number, count: number): number => {
  const all = Array.from({ length: instances }, () => endpointCapacity(containerConcurrency))
  return assignSlice(all, self, count).reduce((sum, capacity) => sum + capacity, 0)
}

t.test('an instance has as many slots as its containerConcurrency', async (t) => {
  for (const containerConcurrency of [1, 10, 1000]) {
    t.equal(endpointCapacity(containerConcurrency), containerConcurrency)
  }
  t.equal(endpointCapacity(0), Infinity)
})

t.test('a revision has the slots of the instances in the slice', async (t) => {
  t.equal(sliced(10, 3, -1, 0), 30, 'all of them while nothing is known of other activators')
  t.equal(sliced(10, 1, 0, 1), 10)
  t.equal(sliced(10, 3, 0, 1), 30)
  t.strictSame([sliced(1, 5, 0, 2), sliced(1, 5, 1, 2)], [3, 2])
  t.strictSame([sliced(10, 3, 0, 2), sliced(10, 3, 1, 2)], [20, 10])
  t.strictSame([sliced(42, 6, 0, 4), sliced(42, 6, 3, 4)], [84, 42])
  t.strictSame([sliced(10, 1, 0, 3), sliced(10, 1, 2, 3)], [10, 10], 'one instance is whole for everybody')
  t.strictSame([sliced(10, 2, 0, 5), sliced(10, 2, 4, 5)], [10, 10], 'so are too few for all')
  t.equal(sliced(10, 0, 0, 2), 0)
})

t.test('the slots behind one address are divided by the activators', async (t) => {
  t.equal(endpointCapacity(10, 10, 5), 20)
  t.equal(endpointCapacity(10, 10, 1), 100)
  t.equal(endpointCapacity(10, 1, 3), 3, 'rounded down')
  t.equal(endpointCapacity(10, 10, 0), 100, 'by one when nothing is known of others')
})

t.test('every activator has at least one slot behind an address', async (t) => {
  t.equal(endpointCapacity(10, 10, 200), 1)
  t.equal(endpointCapacity(1, 1, 2), 1)
})

t.test('without an instance there is no slot, whatever the concurrency', async (t) => {
  for (const containerConcurrency of [0, 1, 10]) t.equal(endpointCapacity(containerConcurrency, 0, 5), 0)
})

t.test('without a limit there is none behind an address either, however many share it', async (t) => {
  t.equal(endpointCapacity(0, 1, 1), Infinity)
  t.equal(endpointCapacity(0, 10, 200), Infinity)
})

t.test('more slots than Knative can count are those it can', async (t) => {
  const max = 2 ** 31 - 1
  t.equal(endpointCapacity(max, 3, 1), max)
  t.equal(endpointCapacity(max, 3, 3), max)
  t.equal(endpointCapacity(max - 1, 1, 1), max - 1)
  t.equal(endpointCapacity(max, 4, 8), Math.floor(max / 2), 'they are divided before')
})

t.test('activators never have more slots together than there are, but for the one each has', async () => {
  const positive = fc.integer({ min: 1, max: 5000 })
  fc.assert(
    fc.property(positive, positive, positive, (containerConcurrency, instances, activators) => {
      const all = containerConcurrency * instances
      const together = endpointCapacity(containerConcurrency, instances, activators) * activators
      if (together > Math.max(all, activators)) throw new Error(`${together} of ${all}`)
      if (together <= all - activators) throw new Error(`only ${together} of ${all}`)
    }),
  )
})
