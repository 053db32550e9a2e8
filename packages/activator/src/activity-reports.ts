import type { ActivityReporter } from '@pilotlight/admission'
import type { ActivityStat, Platform, RevisionSpec } from '@pilotlight/platform'
import { monotonicNow } from '@pilotlight/relay'
import type { Revision } from './revision.ts'
import type { Revisions } from './revisions.ts'

/** Shows what the platform was told. */
export interface ReportedMetrics {
  onReport(revision: Revision, stat: ActivityStat): void
}

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
  readonly #metrics: ReportedMetrics | null
  readonly #wake: (revision: Revision) => void
  #timer: NodeJS.Timeout | null = null
  #isClosed = false

  /** `wake` has an instance started; `metrics` shows what was told, null without metrics. */
  constructor(
    platform: Platform,
    reporter: ActivityReporter<RevisionSpec>,
    revisions: Revisions,
    wake: (revision: Revision) => void,
    metrics: ReportedMetrics | null,
  ) {
    this.#platform = platform
    this.#reporter = reporter
    this.#revisions = revisions
    this.#wake = wake
    this.#metrics = metrics
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
    for (const stat of stats) this.#follow(stat)
    if (!this.#isClosed) this.#schedule()
  }

  #follow(stat: ActivityStat): void {
    const revision = this.#revisions.find(stat.namespace, stat.name)
    if (revision === null) return
    this.#metrics?.onReport(revision, stat)
    if (revision.needsInstance) this.#wake(revision)
  }

  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}
