/**
 * Records traces and readings with Knative's answers, for where the oracle is not. Needs KNATIVE_AUTOSCALER_ORACLE:
 *
 *     node --conditions=@pilotlight/source test/autoscaler-oracle/record.ts
 */
import { writeFileSync } from 'node:fs'
import { askDecisions, askReadings, recordedPath, toLines } from './oracle.ts'
import { Random } from './random.ts'
import { generateReading } from './reading-generator.ts'
import { generateTrace } from './trace-generator.ts'
import { reached } from './reached.ts'
import type { Trace } from './trace.ts'

const TICKS = 50
const SEEDS = 2000
const TRACE_BYTES_MAX = 104_000
const READINGS = 60

writeFileSync(recordedPath('traces'), toLines(askDecisions(chooseTraces())))
const random = new Random(1)
const readings = Array.from({ length: READINGS }, () => generateReading(random))
writeFileSync(recordedPath('readings'), toLines(askReadings(readings)))

/** Traces that reach the most that others did not, until it is enough. */
function chooseTraces(): Trace[] {
  const rest = Array.from({ length: SEEDS }, (_, seed) => generateTrace(seed, TICKS)).map((trace) => ({
    trace,
    what: reached(trace),
    bytes: JSON.stringify(trace).length,
  }))
  const seen = new Set<string>()
  const chosen: Trace[] = []
  for (let bytes = 0; bytes < TRACE_BYTES_MAX;) {
    const gain = (one: (typeof rest)[number]): number =>
      [...one.what].filter((what) => !seen.has(what)).length
    const best = rest.reduce((a, b) => (gain(b) > gain(a) ? b : a))
    rest.splice(rest.indexOf(best), 1)
    for (const what of best.what) seen.add(what)
    chosen.push(best.trace)
    bytes += best.bytes
  }
  return chosen
}
