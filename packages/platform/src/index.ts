/** Where instances live: one interface, and the platforms that implement it. */
export type {
  ActivatorPeers,
  ActivityStat,
  NamespaceLimits,
  Platform,
  PlatformEvents,
  RevisionEndpoints,
  RevisionName,
  RevisionSpec,
  RevisionTimeouts,
  Route,
  TrafficTarget,
} from './platform.ts'
export { StaticPlatform, type StaticPlatformOptions } from './static/static-platform.ts'
