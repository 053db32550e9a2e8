import type { Environment, Sampling } from '@pilotlight/telemetry'

/** Names that OTEL_TRACES_SAMPLER may have. */
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

const ALWAYS: Sampling = { kind: 'always', ratio: 1, followsParent: false }
const NEVER: Sampling = { kind: 'never', ratio: 0, followsParent: false }

/**
 * Which traces are recorded. OTEL_TRACES_SAMPLER decides when it is set; what goes to `stdout` is recorded whole; else
 * it is the share of OTEL_TRACES_SAMPLER_ARG or of the configured `rate`, and whoever began the trace is followed.
 *
 * Knative looks at OTEL_TRACES_SAMPLER_ARG only when it is 1 or more; here every share from 0 to 1 counts.
 */
export function readSampling(env: Environment, isStdout: boolean, rate: number): Sampling {
  const isNamed = env.text('OTEL_TRACES_SAMPLER', '') !== ''
  const argument = readShare(env)
  if (isNamed) return namedSampling(env, argument ?? 1)
  if (isStdout) return ALWAYS
  const share = argument ?? rate
  if (share >= 1) return ALWAYS
  return share > 0 ? { kind: 'ratio', ratio: share, followsParent: true } : NEVER
}

function namedSampling(env: Environment, share: number): Sampling {
  const sampler = env.choice('OTEL_TRACES_SAMPLER', SAMPLERS, 'parentbased_always_on')
  const followsParent = sampler.startsWith('parentbased_')
  if (sampler.endsWith('always_on')) return { ...ALWAYS, followsParent }
  if (sampler.endsWith('always_off')) return { ...NEVER, followsParent }
  return { kind: 'ratio', ratio: share, followsParent }
}

/** OTEL_TRACES_SAMPLER_ARG, or undefined. */
function readShare(env: Environment): number | undefined {
  const text = env.text('OTEL_TRACES_SAMPLER_ARG', '').trim()
  if (text === '') return undefined
  const share = /^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (share >= 0 && share <= 1) return share
  env.problems.push(`OTEL_TRACES_SAMPLER_ARG is ${JSON.stringify(text)}: it must be a number from 0 to 1`)
  return undefined
}
