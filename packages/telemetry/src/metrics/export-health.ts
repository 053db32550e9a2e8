/** Told when exporting begins to fail and when it works again, not of every attempt. */
export interface ExportEvents {
  /** An export failed after the last one had not. `problem` is for the log. */
  onExportFailing(problem: string): void
  /** An export succeeded after failures. `lost` is how many exports failed in between. */
  onExportRecovered(lost: number): void
}

/** What an exporter says of one export. */
export interface ExportResult {
  /** 0 for success. */
  readonly code: number
  readonly error?: Error | undefined
}

/** Whether exporting works, and how often it did not. */
export class ExportHealth {
  readonly #what: string
  readonly #events: ExportEvents
  #failures = 0

  /** `what` is exported, for the log: `metrics`, `traces`. */
  constructor(what: string, events: ExportEvents) {
    this.#what = what
    this.#events = events
  }

  /** Whether the last export failed. */
  get isFailing(): boolean {
    return this.#failures > 0
  }

  /** Takes note of the result of one export. */
  record(result: ExportResult): void {
    if (result.code === 0) {
      const lost = this.#failures
      this.#failures = 0
      if (lost > 0) this.#events.onExportRecovered(lost)
      return
    }
    this.#failures++
    if (this.#failures > 1) return
    const reason = describeError(result.error)
    this.#events.onExportFailing(`failed to export ${this.#what}${reason === '' ? '' : `: ${reason}`}`)
  }
}

/** A name resolved to several addresses gives an error without a text of its own around one error for each. */
function describeError(error: Error | undefined): string {
  if (error === undefined) return ''
  if (error instanceof AggregateError && error.errors.length > 0)
    return describeError(error.errors[0] as Error)
  return error.message === '' ? error.name : error.message
}
