/** Names a revision: the unit that is woken, balanced and reported. */
export interface RevisionName {
  readonly namespace: string
  readonly name: string
}

/** Clocks of a revision's requests, ms; 0 is none. docs/timeouts.md says what each one measures. */
export interface RevisionTimeouts {
  /** Knative's `timeoutSeconds`: from the request to the end of its response, waiting included. */
  readonly totalMs: number
  /** Knative's `responseStartTimeoutSeconds`. */
  readonly responseStartMs: number
  /** Knative's `idleTimeoutSeconds`. */
  readonly idleMs: number
  /** How long a request may wait for an instance or a slot. Not in Knative. */
  readonly queueMs: number
  /** Lifetime of an upgraded connection. Not in Knative. */
  readonly tunnelMs: number
}

/** What the platform knows of a revision beside its instances. */
export interface RevisionSpec extends RevisionName {
  /** Knative's Service that owns it, for labels; may be empty. */
  readonly service: string
  /** Knative's Configuration that owns it, for labels; may be empty. */
  readonly configuration: string
  /** What the first port of its container is declared to speak. */
  readonly protocol: 'http1' | 'h2c'
  /** Requests at one instance at the same time; 0 for no limit. */
  readonly containerConcurrency: number
  readonly timeouts: RevisionTimeouts
  /**
   * Whether an instance may be used as soon as it answers its probe, before the platform calls it ready. Not so where only
   * the platform can tell, as with exec probes and startup probes.
   */
  readonly mayUseEarly: boolean
}

/** Where the instances of a revision are. Addresses are `host:port`, IPv6 hosts in brackets; none is in both lists. */
export interface RevisionEndpoints {
  /** Those the platform calls ready. */
  readonly ready: readonly string[]
  /** Those that exist and are not ready yet, or not any more. */
  readonly notReady: readonly string[]
  /** One address in front of all instances (a Service's ClusterIP), for meshes that hide them; empty for none. */
  readonly clusterAddress: string
}

/** A share of a route's requests. */
export interface TrafficTarget {
  /** Name of a revision in the route's namespace. */
  readonly revision: string
  /** Share of the requests that name no tag, 0 to 100; those of a route add up to 100, or to 0 when it has only tags. */
  readonly percent: number
  /** Name under which it can be asked for alone, by host (`<tag>-<host>`) or by the field Knative-Serving-Tag; empty for none. */
  readonly tag: string
}

/** Which hosts lead to which revisions. */
export interface Route {
  readonly namespace: string
  /**
   * Exact host names, and `*.` followed by one, which stands for any single or several labels before it; `*` alone stands for every host
   * that no other route names. No ports.
   */
  readonly hosts: readonly string[]
  readonly traffic: readonly TrafficTarget[]
}

/** Bounds of one namespace. Infinity is no bound. */
export interface NamespaceLimits {
  readonly namespace: string
  /** Its share beside other namespaces when all of them want more than there is, 1 to 1000. */
  readonly weight: number
  /** Requests of it that may be under way at the same time, over all its revisions. */
  readonly runningMax: number
  /** Requests of it that may wait. */
  readonly heldMax: number
  /** Body bytes of it that may be buffered. */
  readonly heldBytesMax: number
}

/** Who else fronts a revision: what its instances are divided by. */
export interface ActivatorPeers {
  /** Place of this process in the sorted list of all, from 0; -1 when it is not known. */
  readonly index: number
  /** How many there are; 0 when it is not known. */
  readonly count: number
}

/** What a revision's requests were like since the last report. */
export interface ActivityStat extends RevisionName {
  /** Requests waiting or under way, averaged over time. */
  readonly averageConcurrency: number
  /** Requests that arrived. */
  readonly requestCount: number
}

/** What a platform that starts instances itself knows of one. Times are ms of the monotonic clock. */
export interface InstanceFacts {
  /** Name for people, such as `hello-00001-x7k2p`; never used twice. */
  readonly name: string
  /** `host:port` as in {@link RevisionEndpoints}; empty as long as it is not known. */
  readonly address: string
  readonly state: 'starting' | 'ready' | 'not-ready' | 'ending'
  /** When it was decided that there should be such an instance. */
  readonly scheduledAt: number
  /** When the process of its app was started; null before. */
  readonly startedAt: number | null
  /** When its app was first seen to listen, and to be ready; null before, and when nobody says. */
  readonly listeningAt: number | null
  readonly readyAt: number | null
}

/** What a platform that scales does about a revision. */
export interface ScalingState {
  /** Instances there should be; -1 when that is not known. */
  readonly wanted: number
  /** Whether the number may only grow at the moment (Knative's panic mode). */
  readonly isPanicking: boolean
  /** Those that exist, oldest first. */
  readonly instances: readonly InstanceFacts[]
}

/** What a platform tells. Calls are synchronous, in order, and may come at any time after `start`. */
export interface PlatformEvents {
  /** A revision appeared, or its spec changed. */
  onRevision(spec: RevisionSpec): void
  /** A revision is gone. Requests it still has go on. */
  onRevisionGone(name: RevisionName): void
  /** All that is known of a revision's instances, whenever that changes. It may come before `onRevision`. */
  onEndpoints(name: RevisionName, endpoints: RevisionEndpoints): void
  /** How a revision's instances are divided. */
  onPeers(name: RevisionName, peers: ActivatorPeers): void
  /** The whole table of routes, whenever it changes. */
  onRoutes(routes: readonly Route[]): void
  /** The bounds of all namespaces that have their own, whenever they change. */
  onNamespaces(limits: readonly NamespaceLimits[]): void
  /**
   * Instances of a revision cannot be started: whoever waits for one is told at once. An empty reason takes that back. `reason` is a
   * sentence for the caller, without secrets.
   */
  onTrouble(name: RevisionName, reason: string): void
  /**
   * What the platform does about a revision, whenever that changes; told before `onEndpoints` names an address for the first time. Only for
   * those who look: no request depends on it. Platforms that do not start instances never call it.
   */
  onScaling(name: RevisionName, state: ScalingState): void
  /** Whether the control plane can be reached; platforms without one say so once. `detail` is for readiness answers and logs. */
  onConnection(isConnected: boolean, detail: string): void
}

/** Where instances live. The activator knows no more of it than this. */
export interface Platform {
  /** Name for logs: `static`, `local`, `kubernetes`, `knative`. */
  readonly name: string
  /**
   * Begins to tell. Resolves when what is known at the start was told. Rejects with an error whose message names every
   * problem, one per line, when it cannot start.
   */
  start(events: PlatformEvents): Promise<void>
  /** A request waits and the revision has no instance that could take it. May be called again while that lasts. */
  wake(name: RevisionName): void
  /** What happened since the last report; once a second, and at once for the first request of a quiet revision. */
  report(stats: readonly ActivityStat[]): void
  /** Ends what it started: watches, wake-ups under way, reports not sent yet. */
  close(): Promise<void>
}
