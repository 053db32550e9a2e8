import type { OpenMetricsContentType, Registry } from 'prom-client'
import { Histogram } from './histogram.ts'
import { type MetricScope, type Point, points } from './metric-family.ts'
import type { AnyFamily, AnyInstrument, MetricRegistry } from './metric-registry.ts'

/** One answer to a scrape. */
export interface Exposition {
  readonly contentType: string
  readonly text: string
}

/** A registry of prom-client, in either format. */
type Page = Registry | Registry<OpenMetricsContentType>
/** Labels as prom-client takes them. */
type Labels = Record<string, string>

/** What prom-client asks a metric for. */
interface MetricText {
  name: string
  help: string
  type: string
  values: { value: number; labels?: Labels; sharedLabels?: Labels; metricName?: string }[]
}

/**
 * The Prometheus page of a {@link MetricRegistry}, in Prometheus' own text format or in OpenMetrics. prom-client writes
 * it; the numbers stay ours, because its own instruments hash their labels on every count.
 */
export class PrometheusPage {
  readonly #registry: MetricRegistry
  readonly #text: Page
  readonly #openMetrics: Page

  private constructor(registry: MetricRegistry, text: Page, openMetrics: Page) {
    this.#registry = registry
    this.#text = text
    this.#openMetrics = openMetrics
  }

  /**
   * Loads prom-client. `resource` is who we are; it becomes the labels of `target_info`. Families that are added to the
   * registry later are not on the page.
   */
  static async create(
    registry: MetricRegistry,
    resource: Readonly<Record<string, string>>,
  ): Promise<PrometheusPage> {
    const PageRegistry = await loadRegistry()
    const text = new PageRegistry()
    const openMetrics = new PageRegistry<OpenMetricsContentType>()
    openMetrics.setContentType(PageRegistry.OPENMETRICS_CONTENT_TYPE)
    const target = new TargetInfo(resource)
    for (const [page, isOpenMetrics] of [
      [text, false],
      [openMetrics, true],
    ] as const) {
      for (const family of registry.families) register(page, new FamilyText(family, isOpenMetrics))
      register(page, target)
    }
    return new PrometheusPage(registry, text, openMetrics)
  }

  /** The page in the format that `accept`, the field of the request, prefers; empty is Prometheus' text. */
  async exposition(accept: string): Promise<Exposition> {
    const page = prefersOpenMetrics(accept) ? this.#openMetrics : this.#text
    this.#registry.collect()
    return { contentType: page.contentType, text: await page.metrics() }
  }
}

/**
 * The registry alone: the index of prom-client brings a push gateway with an HTTP client, a cluster's aggregation and
 * more along. Measured on Node 26: 7 ms and 0.5 MB of private memory against 100 ms and 7 MB.
 */
async function loadRegistry(): Promise<typeof Registry> {
  // @ts-expect-error prom-client has types for its index only.
  const module: unknown = await import('prom-client/lib/registry.js')
  return (module as { default: typeof Registry }).default
}

/** prom-client wants one of its own metrics, of which it uses the name, the type and `get` only. */
function register(page: Page, metric: FamilyText | TargetInfo): void {
  page.registerMetric(metric as unknown as Parameters<Page['registerMetric']>[0])
}

/** A family as prom-client's registry asks for it. */
class FamilyText {
  /** Written by prom-client: it takes `_total` off. */
  name: string
  readonly type: string
  readonly #family: AnyFamily
  readonly #isOpenMetrics: boolean
  readonly #labels = new WeakMap<AnyInstrument, Labels>()

  constructor(family: AnyFamily, isOpenMetrics: boolean) {
    this.name = family.description.prometheusName
    this.type = family.kind
    this.#family = family
    this.#isOpenMetrics = isOpenMetrics
  }

  async get(): Promise<MetricText> {
    const { name, type } = this
    const help = this.#family.description.description
    const values: MetricText['values'] = []
    for (const point of points(this.#family as never) as Point<AnyInstrument>[]) {
      const { instrument } = point
      const sharedLabels = this.#labelsOf(point)
      if (instrument instanceof Histogram) this.#addHistogram(values, instrument, sharedLabels)
      else values.push({ value: instrument.value, sharedLabels })
    }
    return { name, help, type, values }
  }

  #addHistogram(values: MetricText['values'], histogram: Histogram, sharedLabels: Labels): void {
    const { name } = this
    const counts = histogram.counts()
    let total = 0
    for (const [i, count] of counts.entries()) {
      total += count
      const le = i < histogram.bounds.length ? this.#boundText(histogram.bounds[i]) : '+Inf'
      values.push({ metricName: `${name}_bucket`, value: total, labels: { le }, sharedLabels })
    }
    values.push({ metricName: `${name}_sum`, value: histogram.sum, sharedLabels })
    values.push({ metricName: `${name}_count`, value: total, sharedLabels })
  }

  /** OpenMetrics wants bounds to look like floats, so that `1` and `1.0` are not two series. */
  #boundText(bound: number): string {
    return this.#isOpenMetrics && Number.isInteger(bound) ? `${bound}.0` : String(bound)
  }

  #labelsOf(point: Point<AnyInstrument>): Labels {
    let labels = this.#labels.get(point.instrument)
    if (labels === undefined) {
      labels = scopeLabels(this.#family.description.scope)
      for (const [name, value] of Object.entries(point.attributes)) labels[labelName(name)] = String(value)
      this.#labels.set(point.instrument, labels)
    }
    return labels
  }
}

/** The resource, as OpenTelemetry's exporters for Prometheus put it on the page. */
class TargetInfo {
  readonly name = 'target_info'
  readonly type = 'gauge'
  readonly #labels: Labels = {}

  constructor(resource: Readonly<Record<string, string>>) {
    for (const [name, value] of Object.entries(resource)) this.#labels[labelName(name)] = value
  }

  async get(): Promise<MetricText> {
    const { name, type } = this
    return { name, type, help: 'Target metadata', values: [{ value: 1, labels: this.#labels }] }
  }
}

function scopeLabels(scope: MetricScope | null): Labels {
  if (scope === null) return {}
  return { otel_scope_name: scope.name, otel_scope_schema_url: '', otel_scope_version: scope.version }
}

/** An attribute's name as a label's: what a label may not hold becomes an underscore. */
function labelName(attribute: string): string {
  return attribute.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_')
}

/**
 * Whether an Accept field prefers OpenMetrics to Prometheus' text. Only a client that names it gets it, and in a
 * version that we write.
 */
function prefersOpenMetrics(accept: string): boolean {
  let text = 0
  let openMetrics = 0
  for (const element of accept.toLowerCase().split(',')) {
    const [range, ...parameters] = element.split(';').map((part) => part.trim())
    const parameter = (name: string): string | undefined =>
      parameters.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1)
    const weight = Number(parameter('q') ?? 1)
    if (range === 'text/plain' || range === 'text/*') text = Math.max(text, weight)
    else if (
      range === 'application/openmetrics-text' &&
      /^(?:0\.0\.1|1\.0\.0)$/.test(parameter('version') ?? '1.0.0')
    )
      openMetrics = Math.max(openMetrics, weight)
  }
  return openMetrics > 0 && openMetrics >= text
}
