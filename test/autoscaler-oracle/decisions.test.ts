import t from 'tap'
import { firstDifference } from './difference.ts'
import { askDecisions, type DecidedTrace, readRecorded, withoutOracle } from './oracle.ts'
import { reached } from './reached.ts'
import { generateTrace } from './trace-generator.ts'

/*
 * The same traces to our autoscaler and to Knative's, step by step: what the windows saw, the advice, what is done about
 * it, and the status. What Knative decides was recorded; where the oracle is, it is also asked.
 */

const TRACES = 150
const TICKS = 60
const recorded = readRecorded<DecidedTrace>('traces')

t.test('decides as Knative did on what was recorded', async (t) => {
  for (const trace of recorded) t.equal(firstDifference(trace), '', trace.name)
  const decisions = recorded.flatMap((trace) => trace.decisions).length
  t.ok(decisions > 1000, `${decisions} decisions`)
})

t.test('what was recorded comes by every rule', async (t) => {
  const found = new Set(recorded.flatMap((trace) => [...reached(trace)]))
  const rules = [
    'not-provisioned scale-unknown desired min-scale max-scale scale-to-zero-disabled activating',
    'activation-timed-out recently-active deactivating activator-not-in-path pod-retention grace-period idle',
    'stable-window panic-window scale-up-rate scale-down-rate activation-scale panic-mode scale-down-delay',
    'given no-data pods-unknown not-asked active inactive proxy serve NoTraffic TimedOut Queued',
    'stat tick reconcile pods path reach update',
  ].flatMap((words) => words.split(' '))
  t.strictSame(
    rules.filter((rule) => !found.has(rule)),
    [],
  )
})

t.test("self-test: a decision that is not Knative's is found", async (t) => {
  const [trace] = recorded
  const [first, ...others] = trace.decisions
  const [event, advice, order] = first
  const wrong = { ...trace, decisions: [[event, advice, [7, ...order.slice(1)]], ...others] } as DecidedTrace
  t.match(firstDifference(wrong), /event -1[^]*Knative: \[-1,null,\[7,/)
  t.match(firstDifference({ ...trace, decisions: trace.decisions.slice(0, -1) }), /Knative: undefined/)
})

t.test('Knative still decides what was recorded', { skip: withoutOracle }, async (t) => {
  t.strictSame(askDecisions(recorded), recorded)
})

t.test('decides as Knative does on traces nobody has seen', { skip: withoutOracle }, async (t) => {
  const first = Date.now() % 1_000_000_000
  t.comment(`seeds ${first} to ${first + TRACES - 1}`)
  const traces = Array.from({ length: TRACES }, (_, index) => generateTrace(first + index, TICKS))
  const differences = askDecisions(traces).map(firstDifference)
  t.strictSame(
    differences.filter((difference) => difference !== ''),
    [],
  )
})
