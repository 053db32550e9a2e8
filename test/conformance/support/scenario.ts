import type { Speaks } from './app.ts'
import type { DifferenceId } from '../differences.ts'
import type { Scene } from './scene.ts'
import type { Environment, Kind } from './subject.ts'

/**
 * One thing a queue-proxy does, observed from outside. What `run` returns is compared with what is expected: strictly,
 * but a regular expression stands for the texts it matches.
 */
export interface Scenario {
  readonly name: string
  readonly run: (scene: Scene) => Promise<unknown>
  readonly expected: Readonly<Record<Kind, unknown>>
  /** Set when the two differ on purpose. */
  readonly difference: DifferenceId | null
}

/** Scenarios that share a queue-proxy and run one after another. */
export interface Group {
  readonly name: string
  /** Beside what is required. With null every scenario starts its own. */
  readonly environment: Environment | null
  /** Beside `environment`, for ours alone. */
  readonly ours?: Environment
  readonly speaks?: Speaks
  /** Serves as the application instead; gives its port. */
  readonly serves?: (scene: Scene) => Promise<number>
  /** Whether the queue-proxy has a certificate. */
  readonly tls?: boolean
  /** Whether it waits for tens of seconds with Knative, and is started first. */
  readonly isSlow?: boolean
  readonly scenarios: readonly Scenario[]
}

/** Both do the same. */
export function same(name: string, run: Scenario['run'], expected: unknown): Scenario {
  return { name, run, expected: { knative: expected, ours: expected }, difference: null }
}

/** They differ on purpose, and `docs/reference/conformance.md` says why. */
export function differs(
  name: string,
  difference: DifferenceId,
  run: Scenario['run'],
  knative: unknown,
  ours: unknown,
): Scenario {
  return { name, run, expected: { knative, ours }, difference }
}
