import { countedStatus } from '@pilotlight/service'
import type { Call } from '../call.ts'
import type { RequestObserver } from '../request-observer.ts'
import type { Revision } from '../revision.ts'
import { Traffic } from './traffic.ts'

const SWITCHING_PROTOCOLS = 101
/** So many revisions are remembered before those that are gone are looked for. */
const CROWD = 1000

/** Counts and times the requests of each revision, for those who look at the admin port. */
export class TrafficObserver implements RequestObserver {
  /** Those that ever had a request; among them are those that are gone. */
  readonly #seen = new Set<Revision>()
  #crowd = CROWD

  onRequest({ revision }: Call): void {
    if (revision.traffic === null) this.#meet(revision)
  }

  #meet(revision: Revision): void {
    revision.traffic = new Traffic()
    if (this.#seen.size >= this.#crowd) {
      this.#forget()
      this.#crowd = Math.max(CROWD, 2 * this.#seen.size)
    }
    this.#seen.add(revision)
  }

  /** Revisions that are gone and have requests still. */
  ending(): Revision[] {
    this.#forget()
    return [...this.#seen].filter(({ isClosed }) => isClosed)
  }

  #forget(): void {
    for (const revision of this.#seen)
      if (revision.isClosed && revision.activity.concurrency === 0) this.#seen.delete(revision)
  }

  onDone({ exchange, revision }: Call, now: number): void {
    const traffic = revision.traffic!
    const { outcome, status } = exchange
    const isGone = outcome === 'client-gone'
    traffic.count(countedStatus(status, outcome) >= 500, now)
    // A refusal takes no time, and the life of a tunnel is no latency.
    if (exchange.dispatchedAt > 0 && !isGone && status !== SWITCHING_PROTOCOLS)
      traffic.latency.record(now - exchange.startedAt, now)
  }

  onHeld(): void {}
  onDispatch(): void {}
  onResponse(): void {}
  onRetry(): void {}
  onRefused(): void {}
  onFailure(): void {}
}
