import { indexAmong } from '@pilotlight/admission'
import { isDeepStrictEqual } from 'node:util'
import type { ActivatorPeers, PlatformEvents } from '../platform.ts'
import { keyOf, type StaticConfig, type StaticRevision } from './static-config.ts'

/**
 * Tells what `after` says and `before` did not, and nothing else. Revisions come before the routes that name them, and go after. `own` is
 * the address of this activator.
 */
export function tellChanges(
  before: StaticConfig,
  after: StaticConfig,
  own: string,
  events: PlatformEvents,
): void {
  if (!isDeepStrictEqual(before.namespaces, after.namespaces)) events.onNamespaces(after.namespaces)
  const gone = new Map(before.revisions.map((revision) => [keyOf(revision.spec), revision]))
  const peers = placeAmong(after.activators, own)
  const arePeersNew = !isDeepStrictEqual(placeAmong(before.activators, own), peers)
  for (const revision of after.revisions) {
    const key = keyOf(revision.spec)
    const known = gone.get(key)
    gone.delete(key)
    if (!isDeepStrictEqual(known?.spec, revision.spec)) events.onRevision(revision.spec)
    if (known === undefined || arePeersNew) events.onPeers(revision.spec, peers)
    tellEndpoints(known, revision, events)
  }
  if (!isDeepStrictEqual(before.routes, after.routes)) events.onRoutes(after.routes)
  for (const { spec } of gone.values()) events.onRevisionGone(spec)
}

function tellEndpoints(
  before: StaticRevision | undefined,
  { spec, ready, notReady, clusterAddress }: StaticRevision,
  events: PlatformEvents,
): void {
  const isSame =
    before !== undefined &&
    isDeepStrictEqual(
      [before.ready, before.notReady, before.clusterAddress],
      [ready, notReady, clusterAddress],
    )
  if (!isSame) events.onEndpoints(spec, { ready, notReady, clusterAddress })
}

/** The place of the activator at `own`: alone when none are named, and unknown when it is not among them. */
export function placeAmong(activators: readonly string[], own: string): ActivatorPeers {
  if (activators.length === 0) return { index: 0, count: 1 }
  return indexAmong(activators, own) ?? { index: -1, count: activators.length }
}
