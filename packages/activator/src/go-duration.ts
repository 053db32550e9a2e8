import type { Environment } from '@pilotlight/telemetry'

/** Milliseconds of each unit of a Go duration. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/
const PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g

/** ms of a duration as Go's `time.ParseDuration` reads it, such as `300ms` or `1m30s`; NaN for what is none, or negative. */
export function goDurationMs(text: string): number {
  if (text === '0') return 0
  if (!DURATION.test(text)) return Number.NaN
  let ms = 0
  for (const [, amount, unit] of text.matchAll(PART)) ms += Number(amount) * UNITS[unit]
  return ms
}

const DAY_MS = 24 * 60 * 60 * 1000

/** ms of the duration in the variable `name`, from 1 ms to a day; `fallback` is one too. What is none is a problem of `env`. */
export function readDuration(env: Environment, name: string, fallback: string): number {
  const text = env.text(name, '') || fallback
  const ms = goDurationMs(text)
  if (ms >= 1 && ms <= DAY_MS) return ms
  env.problems.push(
    `${name} is ${JSON.stringify(text)}: it must be a duration such as ${fallback}, from 1ms to 24h`,
  )
  return goDurationMs(fallback)
}
