/** Where instances live: one interface, and the platforms that implement it. */
export { type PlatformClock, PROCESS_CLOCK } from './clock.ts'
export { type DocumentFile, readDocumentFile } from './document/document-file.ts'
export { type Documents, FILE_BYTES_MAX, readDocuments } from './document/documents.ts'
export type { Problem, Problems } from './document/problems.ts'
export type { Bounds, Item, Kind, Section } from './document/section.ts'
export { Unique } from './document/unique.ts'
export { loadLocalPlatform } from './local/load.ts'
export type { LocalPlatformOptions } from './local/local-platform.ts'
export type { ManifestSet, ServiceManifest } from './manifest/manifest-set.ts'
export { readManifests } from './manifest/read-manifests.ts'
export type {
  ActivatorPeers,
  ActivityStat,
  InstanceFacts,
  NamespaceLimits,
  Platform,
  PlatformEvents,
  RevisionEndpoints,
  RevisionName,
  RevisionSpec,
  RevisionTimeouts,
  Route,
  ScalingState,
  TrafficTarget,
} from './platform.ts'
export type { PlatformLog } from './platform-log.ts'
export type { StaticConfig, StaticRevision, WakeAction } from './static/static-config.ts'
export { parseStaticConfig } from './static/static-config-reader.ts'
export { StaticPlatform, type StaticPlatformOptions } from './static/static-platform.ts'
