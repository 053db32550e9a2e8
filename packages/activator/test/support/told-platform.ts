import type {
  ActivityStat,
  Platform,
  PlatformEvents,
  RevisionEndpoints,
  RevisionName,
  RevisionSpec,
} from '@pilotlight/platform'

/** A platform that says what a test says, when it says so, and keeps what it is told. */
export class ToldPlatform implements Platform {
  readonly name = 'told'
  events!: PlatformEvents
  /** Names of the revisions that were to be woken, in order. */
  readonly woken: string[] = []
  readonly reports: (readonly ActivityStat[])[] = []
  isClosed = false
  readonly #begin: (events: PlatformEvents) => void

  constructor(begin: (events: PlatformEvents) => void) {
    this.#begin = begin
  }

  // oxlint-disable-next-line typescript/require-await
  async start(events: PlatformEvents): Promise<void> {
    this.events = events
    events.onConnection(true, '')
    this.#begin(events)
  }

  wake({ name }: RevisionName): void {
    this.woken.push(name)
  }

  report(stats: readonly ActivityStat[]): void {
    this.reports.push(stats)
  }

  // oxlint-disable-next-line typescript/require-await
  async close(): Promise<void> {
    this.isClosed = true
  }

  /** Names the instances of a revision, all of them ready. */
  instances(addresses: readonly string[], revision: RevisionName = HELLO): void {
    this.events.onEndpoints(revision, endpoints(addresses))
  }
}

/** The revision of most tests. */
export const HELLO: RevisionSpec = {
  namespace: 'default',
  name: 'hello-00001',
  service: 'hello',
  configuration: 'hello',
  protocol: 'http1',
  containerConcurrency: 0,
  timeouts: { totalMs: 300_000, responseStartMs: 0, idleMs: 0, queueMs: 0, tunnelMs: 0 },
  mayUseEarly: true,
}

export function endpoints(ready: readonly string[], notReady: readonly string[] = []): RevisionEndpoints {
  return { ready, notReady, clusterAddress: '' }
}
