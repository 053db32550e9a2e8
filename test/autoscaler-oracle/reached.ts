import { Replay, type Trace } from './trace.ts'

/** Which rules a trace comes by, as texts, and after which others. */
export function reached(trace: Trace): Set<string> {
  const found = new Set<string>()
  const run = new Replay(trace.start)
  let before = run.decision.why.order as string
  for (const [number, event] of trace.events.entries()) {
    const count = run.rows.length
    run.step(number, event)
    if (run.rows.length === count) continue
    const { why, status, mode } = run.decision
    found.add(event[0]).add(why.order).add(why.adviceState).add(mode)
    found.add(status.activity.state).add(status.activity.reason)
    if (why.adviceState === 'given' && why.advice !== null) {
      found.add(why.advice.reasons.rule)
      found.add(`${why.advice.reasons.rule} in ${why.advice.isPanicking ? 'panic' : 'calm'}`)
    }
    found.add(`${before} > ${why.order}`)
    before = why.order
  }
  return found
}
