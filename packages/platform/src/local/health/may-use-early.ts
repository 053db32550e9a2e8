import type { ContainerSpec } from '../../manifest/manifest-set.ts'

/**
 * Whether requests may be sent to an instance before it is known to be ready, because its sidecar holds them until the app is. Not when
 * something else has a say in it, which the sidecar does not ask: a startup probe, a readiness probe that is a command, or one of a
 * container beside the serving one. The first of `containers` is the serving one.
 */
export function mayUseEarly(containers: readonly ContainerSpec[]): boolean {
  return containers.every(
    ({ startup, readiness }, index) =>
      startup === null && (readiness === null || (index === 0 && readiness.action.kind !== 'exec-command')),
  )
}
