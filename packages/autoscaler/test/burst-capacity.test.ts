import t from 'tap'
import { activatorsFor, excessBurstCapacity, initialBurstCapacity } from '../src/burst-capacity.ts'
import { scalingWith } from './support/scaling.ts'

t.test('there is room for what the pods can take, without the burst and what is there', async (t) => {
  const scaling = scalingWith({ totalValue: 10, targetBurstCapacity: 20 })
  t.equal(excessBurstCapacity(scaling, 5, 12.5), 17)
  t.equal(excessBurstCapacity(scaling, 0, 0), -20, 'no pod has no room')
  t.equal(excessBurstCapacity(scaling, 3, 10.1), -1, 'rounded down')
  t.equal(excessBurstCapacity(scaling, 3, 10), 0)
})

t.test('without a burst there is always room, with any burst never', async (t) => {
  t.equal(excessBurstCapacity(scalingWith({ targetBurstCapacity: 0 }), 0, 1000), 0)
  t.equal(excessBurstCapacity(scalingWith({ targetBurstCapacity: -1 }), 1000, 0), -1)
})

t.test('room there is not enough of numbers for ends at their bounds', async (t) => {
  const scaling = scalingWith({ totalValue: 1e6, targetBurstCapacity: 1 })
  t.equal(excessBurstCapacity(scaling, 1e6, 0), 2147483647)
  t.equal(excessBurstCapacity(scaling, 0, 1e12), -2147483648)
})

t.test('at first there is room for what a revision starts with', async (t) => {
  const scaling = scalingWith({ initialScale: 2, totalValue: 25, targetBurstCapacity: 42 })
  t.equal(initialBurstCapacity(scaling), 8)
  t.equal(initialBurstCapacity({ ...scaling, targetBurstCapacity: 50.5 }), 0, 'cut off, not rounded down')
  t.equal(initialBurstCapacity({ ...scaling, targetBurstCapacity: -1 }), -1)
  t.equal(initialBurstCapacity({ ...scaling, targetBurstCapacity: 0 }), 0)
})

t.test('there are activators for the pods and the burst, at least two', async (t) => {
  const activators = (pods: number, targetBurstCapacity: number): number =>
    activatorsFor(scalingWith({ totalValue: 100, activatorCapacity: 100, targetBurstCapacity }), pods)
  t.strictSame(
    [activators(0, 200), activators(1, 200), activators(15, 200), activators(5, -1), activators(100, 0)],
    [2, 3, 17, 5, 2],
  )
  const any = scalingWith({ totalValue: 43, activatorCapacity: 100, targetBurstCapacity: -1 })
  t.equal(activatorsFor(any, 7), 4, 'any burst is no burst here')
  t.equal(activatorsFor(scalingWith({ totalValue: 10, activatorCapacity: 3, targetBurstCapacity: 1 }), 1), 4)
})
