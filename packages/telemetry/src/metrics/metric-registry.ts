import type { Counter } from './counter.ts'
import type { Gauge } from './gauge.ts'
import type { Histogram } from './histogram.ts'
import { CounterFamily, GaugeFamily, HistogramFamily } from './metric-family.ts'

/** A family of any kind. */
export type AnyFamily = HistogramFamily | CounterFamily | GaugeFamily
/** An instrument of any kind. */
export type AnyInstrument = Histogram | Counter | Gauge

/** Everything that is measured, for whoever exports it. */
export class MetricRegistry {
  readonly #families: AnyFamily[] = []
  readonly #names = new Set<string>()
  readonly #refreshers: (() => void)[] = []

  /** Adds a family and returns it. Throws when a name is taken. */
  add<Family extends AnyFamily>(family: Family): Family {
    const { name, prometheusName } = family.description
    if (this.#names.has(name) || this.#names.has(prometheusName))
      throw new Error(`a metric is called ${name} or ${prometheusName} already`)
    this.#names.add(name)
    this.#names.add(prometheusName)
    this.#families.push(family)
    return family
  }

  /** Has `refresh` called before every collection: it sets the gauges that are not worth keeping up to date. */
  beforeCollection(refresh: () => void): void {
    this.#refreshers.push(refresh)
  }

  /** Every family, with what was true when it was collected last. */
  get families(): readonly AnyFamily[] {
    return this.#families
  }

  /** Every family with what is true now. */
  collect(): readonly AnyFamily[] {
    for (const refresh of this.#refreshers) refresh()
    return this.#families
  }
}
