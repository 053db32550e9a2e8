import fc from 'fast-check'
import t from 'tap'
import { StartGate } from '../../src/local/start-gate.ts'
import { FakeClock } from '../support/fake-clock.ts'

t.test('no more have a place than there are, and those who wait are called in order', async (t) => {
  const gate = new StartGate(2, new FakeClock())
  const called: string[] = []
  const first = gate.take(() => {})!
  const second = gate.take(() => {})!
  t.equal(
    gate.take(() => called.push('a')),
    null,
  )
  t.equal(
    gate.take(() => called.push('b')),
    null,
  )
  first()
  first()
  t.strictSame(called, ['a'], 'giving back twice counts once')
  second()
  t.strictSame(called, ['a', 'b'])
})

t.test('a place comes back by itself after a second', async (t) => {
  const clock = new FakeClock()
  const gate = new StartGate(1, clock)
  let calls = 0
  gate.take(() => {})
  gate.take(() => calls++)
  clock.pass(999)
  t.equal(calls, 0)
  clock.pass(1)
  t.equal(calls, 1)
})

t.test('who was forgotten is not called', async (t) => {
  const gate = new StartGate(1, new FakeClock())
  const retry = (): void => void t.fail('called')
  const giveBack = gate.take(() => {})!
  gate.take(retry)
  gate.forget(retry)
  giveBack()
  t.not(
    gate.take(() => {}),
    null,
  )
})

t.test('whatever is taken and given back, the bound holds and nobody who waits is left out', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('take', 'give', 'second'), { maxLength: 100, size: 'max' }),
      (steps) => {
        const clock = new FakeClock()
        const gate = new StartGate(3, clock)
        const places: { giveBack: () => void; isGiven: boolean; until: number }[] = []
        let waiting = 0
        const taken = (): number => places.filter((p) => !p.isGiven && p.until > clock.now()).length
        const take = (): void => {
          const giveBack = gate.take(() => {
            waiting--
            take()
          })
          if (giveBack === null) waiting++
          else places.push({ giveBack, isGiven: false, until: clock.now() + 1000 })
        }
        for (const step of steps) {
          if (step === 'take') take()
          else if (step === 'second') clock.pass(1000)
          else {
            const place = places.find((p) => !p.isGiven)
            if (place !== undefined) {
              place.isGiven = true
              place.giveBack()
            }
          }
          if (taken() > 3) return false
          if (waiting > 0 && taken() < 3) return false
        }
        return true
      },
    ),
  )
})
