import { readAutoscalerConfig, readRevisionScaling, type RevisionScaling } from '@pilotlight/autoscaler'
import t from 'tap'
import { type AnsweredReading, askReadings, readRecorded, withoutOracle } from './oracle.ts'
import { Random } from './random.ts'
import { generateReading } from './reading-generator.ts'

/*
 * The same ConfigMaps and annotations, right and wrong ones, to our readers and to Knative's.
 */

const READINGS = 2000
const recorded = readRecorded<AnsweredReading>('readings')

/** What only we complain about. */
const OURS_ONLY = [
  // Knative's webhook compares annotations with each other; we do with what holds for all, too.
  /must be at (?:least|most) m(?:in|ax)-scale, which is /,
  // The part of the webhook that looks at this one is not asked.
  /^serving\.knative\.dev\/progress-deadline is /,
]

/** Where we and Knative differ on a reading, as texts. */
function differencesOf({ reading, flaw, answer }: AnsweredReading): string[] {
  const { config, problems } = readAutoscalerConfig(reading.config, reading.deployment)
  const { configError, annotationError, ...theirs } = answer
  if (problems.length > 0 !== (configError !== ''))
    return [`Knative says ${configError}, we ${problems.join()}`]
  if (problems.length > 0) return []
  const { scaling, problems: complaints } = readRevisionScaling(reading, config)
  const shared = complaints.filter((complaint) => !OURS_ONLY.some((pattern) => pattern.test(complaint)))
  if (annotationError === '' ? shared.length > 0 : complaints.length === 0)
    return [`Knative says ${annotationError}, we ${complaints.join()}`]
  // What is out of range is not set for us. Knative would use it, had its webhook let it in.
  if (flaw === 'out of range' || complaints.some((complaint) => complaint.includes('max-scale-limit')))
    return []
  return differentFields(scaling, theirs)
}

function differentFields(scaling: RevisionScaling, theirs: Readonly<Record<string, unknown>>): string[] {
  const ours: Readonly<Record<string, unknown>> = { ...scaling }
  return Object.entries({ ...theirs, aggregation: theirs['aggregation'] || 'linear' })
    .filter(([field, value]) => value !== ours[field])
    .map(
      ([field, value]) =>
        `${field}: Knative has ${JSON.stringify(value)}, we have ${JSON.stringify(ours[field])}`,
    )
}

const withDifferences = (readings: readonly AnsweredReading[]): string[] =>
  readings.flatMap((one) => differencesOf(one).map((text) => `${text} from ${JSON.stringify(one.reading)}`))

t.test('reads settings as Knative did on what was recorded', async (t) => {
  t.strictSame(withDifferences(recorded), [])
  const isSpoilt = ({ answer }: AnsweredReading): boolean =>
    answer.configError !== '' || answer.annotationError !== ''
  const spoilt = recorded.filter(isSpoilt).length
  t.ok(spoilt > 10 && spoilt < recorded.length - 10, `${spoilt} of ${recorded.length} are wrong`)
})

t.test("self-test: a setting that is not Knative's is found", async (t) => {
  const right = recorded.find(
    ({ answer, flaw }) => answer.configError === '' && answer.annotationError === '' && flaw === 'none',
  )!
  const wrong = { ...right, answer: { ...right.answer, panicWindowMs: 1 } }
  t.match(differencesOf(wrong)[0], /^panicWindowMs: Knative has 1, we have \d+$/)
  t.equal(differencesOf({ ...right, answer: { ...right.answer, configError: 'no' } }).length, 1)
  t.equal(differencesOf({ ...right, answer: { ...right.answer, annotationError: 'no' } }).length, 1)
})

t.test('Knative still reads what was recorded', { skip: withoutOracle }, async (t) => {
  t.strictSame(askReadings(recorded), recorded)
})

t.test('reads settings as Knative does where nobody has looked', { skip: withoutOracle }, async (t) => {
  const seed = Date.now() % 1_000_000_000
  t.comment(`seed ${seed}`)
  const random = new Random(seed)
  const readings = Array.from({ length: READINGS }, () => generateReading(random))
  t.strictSame(withDifferences(askReadings(readings)), [])
})
