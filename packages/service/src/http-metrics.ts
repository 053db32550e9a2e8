import type { Outcome } from '@pilotlight/relay'
import {
  type AttributeValue,
  DURATION_BOUNDS,
  type FamilyDescription,
  type Histogram,
  HistogramFamily,
  type MetricRegistry,
  type MetricScope,
  SIZE_BOUNDS,
} from '@pilotlight/telemetry'
import { countedOutcome, countedStatus, OUTCOMES } from './counted-status.ts'
import { KNOWN_METHODS, methodIndex } from './known-methods.ts'

/** Scope of what Knative's HTTP instrumentation measures, and its version; kept, so that a query finds either. */
export const HTTP_SCOPE: MetricScope = {
  name: 'go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp',
  version: '0.69.0',
}

/** What is known of a request when it is over. The caller may use one object for all of them. */
export interface HttpFacts {
  method: string
  /** Status sent to the client; 0 when none was. */
  status: number
  outcome: Outcome
  /** When its head was complete, ms on one clock with the two below. */
  startedAtMs: number
  /** When it was sent upstream. */
  dispatchedAtMs: number
  doneAtMs: number
  requestBytes: number
  responseBytes: number
  isHttp2: boolean
  /** Of HTTP/1: whether it came over 1.0. */
  isHttp10: boolean
  isEncrypted: boolean
  upstreamIsHttp2: boolean
}

/** Attributes that a service adds to those of HTTP. */
export interface HttpAttributes {
  /** Who a request belongs to, on all metrics. */
  readonly owner: readonly string[]
  /** Where it is sent, on those of the client's side; may be empty. */
  readonly upstream: readonly string[]
}

/** Versions of HTTP as Go writes them. */
const VERSIONS = ['1.1', '2.0', '1.0'] as const
const SCHEMES = ['http', 'https'] as const
/** What a client's attributes make together: a method, a version and a scheme. */
const SERVER_COMBINATIONS = KNOWN_METHODS.length * VERSIONS.length * SCHEMES.length
const CLIENT_COMBINATIONS = KNOWN_METHODS.length * VERSIONS.length

/** Places for a status: 100 to 599, and one for what is none. */
const STATUS_PLACES = 501
/** Outcomes other than `ok`, which stand in place of a status towards the upstream. */
const ERROR_TYPES = OUTCOMES.filter((outcome) => outcome !== 'ok')

/** The instruments of one label set, towards a client or an upstream. */
class Measures {
  readonly duration: Histogram
  readonly requestSize: Histogram
  /** Null towards the upstream, where Knative does not measure it either. */
  readonly responseSize: Histogram | null

  constructor(duration: Histogram, requestSize: Histogram, responseSize: Histogram | null) {
    this.duration = duration
    this.requestSize = requestSize
    this.responseSize = responseSize
  }
}

/** Measures by status, then by the rest of the labels; filled in as they are needed. */
type MeasureTable = (Measures[] | undefined)[]

/** What belongs to one owner of requests. Whoever counts keeps it, so that nothing is looked up by a text. */
export class HttpOwner {
  readonly values: readonly AttributeValue[]
  readonly upstream: readonly AttributeValue[]
  readonly server: MeasureTable = []
  readonly client: MeasureTable = []

  constructor(values: readonly AttributeValue[], upstream: readonly AttributeValue[]) {
    this.values = values
    this.upstream = upstream
  }
}

/**
 * Measures HTTP on both sides as Knative does. Each label set's instruments are looked up by small numbers, and made
 * once; counting a request then costs a few additions.
 */
export class HttpMetrics {
  readonly #serverDuration: HistogramFamily
  readonly #serverRequestSize: HistogramFamily
  readonly #serverResponseSize: HistogramFamily
  readonly #clientDuration: HistogramFamily
  readonly #clientRequestSize: HistogramFamily

  /** Adds the families to `registry`. */
  constructor(registry: MetricRegistry, { owner, upstream }: HttpAttributes) {
    const server = ['http.request.method', 'url.scheme', ...PROTOCOL, STATUS, ...owner]
    const client = [
      'http.request.method',
      'url.scheme',
      ...upstream,
      ...PROTOCOL,
      STATUS,
      'error.type',
      ...owner,
    ]
    this.#serverDuration = registry.add(durationFamily('server', server))
    this.#serverRequestSize = registry.add(sizeFamily('server', 'request', server))
    this.#serverResponseSize = registry.add(sizeFamily('server', 'response', server))
    this.#clientDuration = registry.add(durationFamily('client', client))
    this.#clientRequestSize = registry.add(sizeFamily('client', 'request', client))
  }

  /** The owner's requests are over for good: its series go. `values` are those of the owner's attributes, by name. */
  remove(values: Readonly<Record<string, AttributeValue>>): void {
    this.#serverDuration.remove(values)
    this.#serverRequestSize.remove(values)
    this.#serverResponseSize.remove(values)
    this.#clientDuration.remove(values)
    this.#clientRequestSize.remove(values)
  }

  /** A request is over, as its client saw it. */
  measureServer(owner: HttpOwner, facts: HttpFacts): void {
    const status = countedStatus(facts.status, facts.outcome)
    const method = methodIndex(facts.method)
    const version = facts.isHttp2 ? 1 : facts.isHttp10 ? 2 : 0
    const scheme = facts.isEncrypted ? 1 : 0
    const rest = (method * VERSIONS.length + version) * SCHEMES.length + scheme
    const ofStatus = (owner.server[statusPlace(status)] ??= emptyRow(SERVER_COMBINATIONS))
    const measures = (ofStatus[rest] ??= this.#serverMeasures(owner, method, scheme, version, status))
    measures.duration.observe((facts.doneAtMs - facts.startedAtMs) / 1000)
    measures.requestSize.observe(facts.requestBytes)
    measures.responseSize!.observe(facts.responseBytes)
  }

  /** A request that was sent upstream is over, as it went there. */
  measureClient(owner: HttpOwner, facts: HttpFacts): void {
    const outcome = countedOutcome(facts.status, facts.outcome)
    const method = methodIndex(facts.method)
    const version = facts.upstreamIsHttp2 ? 1 : 0
    // A failed exchange has its outcome in place of a status, behind all of those.
    const place = outcome === 'ok' ? statusPlace(facts.status) : STATUS_PLACES + ERROR_TYPES.indexOf(outcome)
    const ofResult = (owner.client[place] ??= emptyRow(CLIENT_COMBINATIONS))
    const measures = (ofResult[method * VERSIONS.length + version] ??= this.#clientMeasures(
      owner,
      method,
      version,
      outcome === 'ok' ? statusLabel(facts.status) : '',
      outcome === 'ok' ? '' : outcome,
    ))
    measures.duration.observe((facts.doneAtMs - facts.dispatchedAtMs) / 1000)
    measures.requestSize.observe(facts.requestBytes)
  }

  #serverMeasures(
    owner: HttpOwner,
    method: number,
    scheme: number,
    version: number,
    status: number,
  ): Measures {
    const labels = [
      KNOWN_METHODS[method],
      SCHEMES[scheme],
      'http',
      VERSIONS[version],
      statusLabel(status),
      ...owner.values,
    ]
    return new Measures(
      this.#serverDuration.with(...labels),
      this.#serverRequestSize.with(...labels),
      this.#serverResponseSize.with(...labels),
    )
  }

  #clientMeasures(
    owner: HttpOwner,
    method: number,
    version: number,
    status: number | '',
    error: string,
  ): Measures {
    const labels = [
      KNOWN_METHODS[method],
      'http',
      ...owner.upstream,
      'http',
      VERSIONS[version],
      status,
      error,
      ...owner.values,
    ]
    return new Measures(this.#clientDuration.with(...labels), this.#clientRequestSize.with(...labels), null)
  }
}

const PROTOCOL = ['network.protocol.name', 'network.protocol.version']
const STATUS = 'http.response.status_code'

type Side = 'server' | 'client'

function durationFamily(side: Side, attributes: readonly string[]): HistogramFamily {
  const description: FamilyDescription = {
    scope: HTTP_SCOPE,
    name: `http.${side}.request.duration`,
    prometheusName: `http_${side}_request_duration_seconds`,
    unit: 's',
    description: `Duration of HTTP ${side} requests.`,
    attributes,
  }
  return new HistogramFamily(description, DURATION_BOUNDS)
}

function sizeFamily(
  side: Side,
  message: 'request' | 'response',
  attributes: readonly string[],
): HistogramFamily {
  const description: FamilyDescription = {
    scope: HTTP_SCOPE,
    name: `http.${side}.${message}.body.size`,
    prometheusName: `http_${side}_${message}_body_size_bytes`,
    unit: 'By',
    description: `Size of HTTP ${side} ${message} bodies.`,
    attributes,
  }
  return new HistogramFamily(description, SIZE_BOUNDS)
}

/** A row whose cells are there from the beginning: an array that grows holes would be slow. */
function emptyRow(length: number): Measures[] {
  return Array.from({ length })
}

/** Where a status stands in a table: what is no status shares one place. */
export function statusPlace(status: number): number {
  return status >= 100 && status <= 599 ? status - 100 : STATUS_PLACES - 1
}

/** A status as a label: what is none is 0, whatever it is, so that an app cannot make labels up. */
export function statusLabel(status: number): number {
  return status >= 100 && status <= 599 ? status : 0
}
