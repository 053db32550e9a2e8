import { type Decision, readAutoscalerConfig, readRevisionScaling } from '@pilotlight/autoscaler'
import t from 'tap'
import { ScaleDriver } from '../../src/local/scale-driver.ts'
import { FakeClock } from '../support/fake-clock.ts'

interface Scene {
  readonly driver: ScaleDriver
  readonly clock: FakeClock
  /** Scales that were decided, without those that were the same as the one before. */
  readonly scales: number[]
  readonly second: (concurrency?: number, requests?: number) => void
}

function scene(annotations: Record<string, string> = {}): Scene {
  const { config } = readAutoscalerConfig({
    'allow-zero-initial-scale': 'true',
    'initial-scale': '0',
  })
  const prefixed = Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [`autoscaling.knative.dev/${key}`, value]),
  )
  const { scaling } = readRevisionScaling({ annotations: prefixed, containerConcurrency: 0 }, config)
  const clock = new FakeClock()
  const scales: number[] = []
  const driver = new ScaleDriver(scaling, 'reachable', clock, ({ scale }: Decision) => {
    if (scale !== null && scale !== scales.at(-1)) scales.push(scale)
  })
  t.teardown(() => driver.close())
  return {
    driver,
    clock,
    scales,
    second(concurrency, requests = 0) {
      clock.pass(1000)
      if (concurrency !== undefined)
        driver.record({ namespace: 'a', name: 'b', averageConcurrency: concurrency, requestCount: requests })
      driver.second()
    },
  }
}

t.test('a request that waits is decided upon at once', async (t) => {
  const { driver, scales } = scene()
  driver.wake()
  t.strictSame(scales, [1])
})

t.test('silence is zero: what is not used any more goes', async (t) => {
  const { driver, scales, second } = scene({ window: '6s' })
  driver.wake()
  driver.setReady(1)
  for (let i = 0; i < 5; i++) second(1, 1)
  t.strictSame(scales, [1])
  for (let i = 0; i < 60 && scales.at(-1) !== 0; i++) second()
  t.strictSame(scales, [1, 0])
  driver.setReady(0)
  t.notOk(driver.isQuiet && driver.idleMs < 12_000, 'what is quiet has been so for two windows')
  for (let i = 0; i < 12; i++) second()
  t.ok(driver.isQuiet)
})

t.test('much at once means many', async (t) => {
  const { driver, scales, second } = scene({ target: '10', 'target-utilization-percentage': '100' })
  driver.wake()
  driver.setReady(1)
  for (let i = 0; i < 8; i++) second(45, 100)
  t.equal(scales.at(-1), 5)
  t.equal(driver.concurrency, 45)
  t.equal(driver.idleMs, 0)
})

t.test('a minimum holds as long as a route leads there', async (t) => {
  const { driver, scales, second } = scene({ 'min-scale': '2', window: '6s' })
  driver.reconcile()
  t.strictSame(scales, [2])
  driver.setReady(2)
  for (let i = 0; i < 10; i++) second()
  t.strictSame(scales, [2])
  driver.setReachability('unreachable')
  for (let i = 0; i < 60 && scales.at(-1) !== 0; i++) second()
  t.equal(scales.at(-1), 0)
})

t.test('once closed it decides nothing more', async (t) => {
  const { driver, clock } = scene()
  driver.wake()
  driver.close()
  t.equal(clock.waiting, 0)
})
