import { Counter } from './counter.ts'
import { Gauge } from './gauge.ts'
import { Histogram } from './histogram.ts'

/** What one attribute says. */
export type AttributeValue = string | number

/** Who measures: the instrumentation scope of OpenTelemetry. */
export interface MetricScope {
  readonly name: string
  readonly version: string
}

/** What there is to say about a family whatever its series. */
export interface FamilyDescription {
  /** OpenTelemetry's name, with dots. */
  readonly name: string
  /** Name on the Prometheus page, with unit and, for a counter, `_total`. */
  readonly prometheusName: string
  /** UCUM, as OpenTelemetry wants it: `s`, `By`, `{request}`, `1`. */
  readonly unit: string
  readonly description: string
  /** Null for what describes the process and comes without a scope, as in Prometheus' own clients. */
  readonly scope: MetricScope | null
  /** Names of the attributes, in the order in which values are given. */
  readonly attributes: readonly string[]
}

/** What can be measured. */
export type Instrument = Histogram | Counter | Gauge

/** One label set with its instrument. */
export interface Series<T extends Instrument> {
  /** In the order of the family's names; an empty text is an attribute that is not there. */
  readonly values: readonly AttributeValue[]
  readonly instrument: T
}

/** Series of one family; what comes after them is counted together, as OpenTelemetry's SDKs do. Their number, too. */
export const SERIES_MAX = 2000

/** The attribute of the series that takes what is above {@link SERIES_MAX}. */
export const OVERFLOW_ATTRIBUTE = 'otel.metric.overflow'

/** Separates values in a key; no method, status or tag holds it, and if one did, two series would be one. */
const SEPARATOR = '\u0000'

/**
 * One metric with its series. A series is looked up once and kept by whoever counts; `observe`, `add` and `set` then
 * touch nothing but numbers.
 */
export abstract class MetricFamily<T extends Instrument = Instrument> {
  /** What kind of metric this is, in Prometheus' words. */
  abstract readonly kind: 'histogram' | 'counter' | 'gauge'
  readonly description: FamilyDescription
  readonly #series = new Map<string, Series<T>>()
  readonly #seriesMax: number
  #overflow: T | null = null

  constructor(description: FamilyDescription, seriesMax: number = SERIES_MAX) {
    this.description = description
    this.#seriesMax = seriesMax
  }

  protected abstract create(): T

  /** The instrument of these values, made when it is asked for first. */
  with(...values: readonly AttributeValue[]): T {
    const key = values.join(SEPARATOR)
    const known = this.#series.get(key)
    if (known !== undefined) return known.instrument
    if (this.#series.size >= this.#seriesMax) return (this.#overflow ??= this.create())
    const series = { values, instrument: this.create() }
    this.#series.set(key, series)
    return series.instrument
  }

  /**
   * Takes out every series with these values of attributes, whatever its others are. Whoever kept an instrument of one may
   * go on counting, and nobody sees it.
   */
  remove(attributes: Readonly<Record<string, AttributeValue>>): void {
    const wanted = Object.entries(attributes).map(([name, value]) => ({
      place: this.description.attributes.indexOf(name),
      value,
    }))
    for (const [key, { values }] of this.#series)
      if (wanted.every(({ place, value }) => values[place] === value)) this.#series.delete(key)
  }

  /** Every series, in the order of their first use. */
  series(): Iterable<Series<T>> {
    return this.#series.values()
  }

  /** What was counted of series above the bound, or null when there are none. */
  get overflow(): T | null {
    return this.#overflow
  }
}

/** A family of histograms with the same bounds. */
export class HistogramFamily extends MetricFamily<Histogram> {
  readonly kind = 'histogram'
  readonly #bounds: readonly number[]

  constructor(description: FamilyDescription, bounds: readonly number[], seriesMax?: number) {
    super(description, seriesMax)
    this.#bounds = bounds
  }

  protected override create(): Histogram {
    return new Histogram(this.#bounds)
  }
}

/** A family of counters. */
export class CounterFamily extends MetricFamily<Counter> {
  readonly kind = 'counter'

  protected override create(): Counter {
    return new Counter()
  }
}

/** A family of gauges. */
export class GaugeFamily extends MetricFamily<Gauge> {
  readonly kind = 'gauge'

  protected override create(): Gauge {
    return new Gauge()
  }
}

/** A point as exporters see it: its attributes by name, without those that are empty. */
export interface Point<T extends Instrument> {
  readonly attributes: Readonly<Record<string, AttributeValue | boolean>>
  readonly instrument: T
}

/** The points of a family that have a value. */
export function points<T extends Instrument>(family: MetricFamily<T>): Point<T>[] {
  const names = family.description.attributes
  const found: Point<T>[] = []
  for (const { values, instrument } of family.series()) {
    if (isMissing(instrument)) continue
    const attributes: Record<string, AttributeValue> = {}
    for (let i = 0; i < names.length; i++) if (values[i] !== '') attributes[names[i]] = values[i]
    found.push({ attributes, instrument })
  }
  const { overflow } = family
  if (overflow !== null && !isMissing(overflow))
    found.push({ attributes: { [OVERFLOW_ATTRIBUTE]: true }, instrument: overflow })
  return found
}

function isMissing(instrument: Instrument): boolean {
  return !(instrument instanceof Histogram) && Number.isNaN(instrument.value)
}
