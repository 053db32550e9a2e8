import fc from 'fast-check'
import t from 'tap'
import type { Decision } from '../src/revision-autoscaler.ts'
import { Scene } from './support/scene.ts'

const step = fc.oneof(
  fc.record({ kind: fc.constant('record' as const), value: fc.nat(300) }),
  fc.record({ kind: fc.constant('tick' as const), value: fc.nat(5000) }),
  fc.record({ kind: fc.constant('pods' as const), value: fc.nat(20) }),
  fc.record({ kind: fc.constant('quiet' as const), value: fc.nat(120_000) }),
)
const bounds = fc.record({
  minScale: fc.nat(4),
  maxScale: fc.constantFrom(0, 4, 9),
  initialScale: fc.nat(4),
  activationScale: fc.nat(6),
  targetValue: fc.constantFrom(1, 7, 100),
  targetBurstCapacity: fc.constantFrom(-1, 0, 50),
  isScaleToZeroEnabled: fc.boolean(),
  stableWindowMs: fc.constantFrom(6000, 60_000),
  progressDeadlineMs: fc.constantFrom(1000, 60_000),
})

t.test('whatever happens, the scale stays within its bounds and the path is sane', async () => {
  fc.assert(
    fc.property(bounds, fc.array(step, { maxLength: 80 }), (changes, steps) => {
      const scene = new Scene(changes, { reachability: 'reachable' })
      const { minScale, maxScale, isScaleToZeroEnabled } = changes
      for (const { kind, value } of steps) {
        // Until it had the pods it is to start with, those count above the largest scale.
        const start = scene.autoscaler.status.isInitialized ? 0 : changes.initialScale
        let decision: Decision | null = null
        if (kind === 'record') scene.record(value)
        else if (kind === 'quiet') scene.pass(value)
        else if (kind === 'pods') decision = scene.pods(value)
        else decision = scene.pass(value).tick()
        if (decision === null) continue
        const { scale, mode, want, recheckAfterMs, activators } = decision
        if (scale !== null && scale < minScale) throw new Error(`${scale} is below ${minScale}`)
        if (scale !== null && maxScale > 0 && scale > Math.max(maxScale, minScale, start))
          throw new Error(`${scale} is above ${maxScale}`)
        if (scale === 0 && !isScaleToZeroEnabled) throw new Error('scaled to zero')
        if (scale !== null && scale !== want) throw new Error('does what it does not want')
        if (mode === 'serve' && want <= 0) throw new Error('straight to nobody')
        if (recheckAfterMs !== null && recheckAfterMs <= 0) throw new Error('never waits')
        if (activators < 2) throw new Error('too few activators')
      }
    }),
  )
})
