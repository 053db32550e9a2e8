import type { Sampler } from '@opentelemetry/sdk-trace'

/** Which traces are recorded. */
export interface Sampling {
  readonly kind: 'always' | 'never' | 'ratio'
  /** Share of the traces that is recorded, 0 to 1; of `ratio` only. */
  readonly ratio: number
  /** Whether a caller that has decided already is followed. */
  readonly followsParent: boolean
}

/** OpenTelemetry's sampler for it. */
export function createSampler(sdk: typeof import('@opentelemetry/sdk-trace'), sampling: Sampling): Sampler {
  const { kind, ratio, followsParent } = sampling
  const root =
    kind === 'always'
      ? new sdk.AlwaysOnSampler()
      : kind === 'never'
        ? new sdk.AlwaysOffSampler()
        : new sdk.TraceIdRatioBasedSampler(ratio)
  return followsParent ? new sdk.ParentBasedSampler({ root }) : root
}
