import type { ActivityReporter } from '@pilotlight/admission'
import type { ActivityStat, Platform, RevisionSpec } from '@pilotlight/platform'
import { monotonicNow } from '@pilotlight/relay'
import type { Revisions } from './revisions.ts'

/** How often the platform is told what happened, ms (Knative). */
const REPORT_MS = 1000

/**
 * Tells the platform once a second what each active revision was like, and asks again for instances that requests still wait for. While
 * nothing happens anywhere it does not wake the process up.
 */
export class ActivityReports {
  readonly #platform: Platform
  readonly #reporter: ActivityReporter<RevisionSpec>
  readonly #revisions: Revisions
  #timer: NodeJS.Timeout | null = null
  #isClosed = false

  constructor(platform: Platform, reporter: ActivityReporter<RevisionSpec>, revisions: Revisions) {
    this.#platform = platform
    this.#reporter = reporter
    this.#revisions = revisions
  }

  /** The first request of a quiet revision came: the platform learns at once. */
  poke({ namespace, name }: RevisionSpec): void {
    this.#platform.report([{ namespace, name, averageConcurrency: 1, requestCount: 1 }])
    if (this.#timer === null && !this.#isClosed) this.#schedule()
  }

  #schedule(): void {
    this.#timer = setTimeout(() => this.#tick(), REPORT_MS)
    this.#timer.unref()
  }

  #tick(): void {
    this.#timer = null
    const stats: ActivityStat[] = []
    this.#reporter.report(monotonicNow(), ({ namespace, name }, { averageConcurrency, requestCount }) =>
      stats.push({ namespace, name, averageConcurrency, requestCount }),
    )
    if (stats.length === 0) return
    this.#platform.report(stats)
    for (const { namespace, name } of stats) {
      const revision = this.#revisions.find(namespace, name)
      if (revision?.needsInstance === true) this.#platform.wake(revision.spec)
    }
    if (!this.#isClosed) this.#schedule()
  }

  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}
