import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { EventLoopDelay } from '../../src/index.ts'

/** Keeps the loop busy for so long, ms. */
function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** Resolves when the monitor, which looks every 20 ms, had its turn. */
const afterSomeLooks = (): Promise<void> => sleep(60)

t.test('the longest delay is that of the block since the last look', async (t) => {
  const delay = new EventLoopDelay()
  t.teardown(() => delay.stop())
  t.strictSame(delay.read(0), { p50: 0, p99: 0, max: 0 }, 'nothing at first')
  await afterSomeLooks()
  block(300)
  await afterSomeLooks()
  const { p50, p99, max } = delay.read(10_000)
  t.ok(max >= 250, `max is ${max}`)
  t.ok(p50 <= p99 && p99 <= max)
  t.strictSame(delay.read(10_999), { p50, p99, max }, 'the same again to whoever asks at once')
  await afterSomeLooks()
  t.ok(delay.read(20_000).max < max, 'a new period has its own')
})
