import type { NamespaceLimits, RevisionName, RevisionSpec, Route } from '../platform.ts'

/** What is done when a request waits and no endpoint is ready. */
export type WakeAction =
  /** Runs a command. */
  | { readonly kind: 'exec'; readonly command: readonly string[]; readonly timeoutMs: number }
  /** POSTs to a URL. */
  | { readonly kind: 'http'; readonly url: string; readonly timeoutMs: number }

/** A revision of the file. */
export interface StaticRevision {
  readonly spec: RevisionSpec
  /** Addresses of `endpoints`. */
  readonly ready: readonly string[]
  readonly notReady: readonly string[]
  /** Empty for none. */
  readonly clusterAddress: string
  /** Null when nothing wakes it. */
  readonly wake: WakeAction | null
}

/** Everything the file says. */
export interface StaticConfig {
  readonly revisions: readonly StaticRevision[]
  readonly routes: readonly Route[]
  readonly namespaces: readonly NamespaceLimits[]
  /** Addresses of all activators in front of these endpoints; empty for this one alone. */
  readonly activators: readonly string[]
  /** Where activity is POSTed to; empty for nowhere. */
  readonly reportUrl: string
}

/** A file that says nothing. */
export const NO_CONFIG: StaticConfig = {
  revisions: [],
  routes: [],
  namespaces: [],
  activators: [],
  reportUrl: '',
}

/** One text for the two parts of a name; no namespace has a slash. */
export function keyOf({ namespace, name }: RevisionName): string {
  return `${namespace}/${name}`
}
