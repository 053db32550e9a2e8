import type { Outcome } from '@pilotlight/relay'
import { countedOutcome, countedStatus, KNOWN_METHODS, methodIndex } from '@pilotlight/service'
import {
  type Counter,
  CounterFamily,
  DURATION_BOUNDS,
  GaugeFamily,
  type Histogram,
  HistogramFamily,
  type MetricRegistry,
  SIZE_BOUNDS,
} from '@pilotlight/telemetry'
import {
  APP_PROTOCOL,
  CLIENTS_GONE,
  CLIENT_DURATION,
  CLIENT_REQUEST_SIZE,
  DRAIN_STATE,
  INVOCATION_DURATION,
  IN_FLIGHT,
  QUEUE_DEPTH,
  REFUSALS,
  SERVER_DURATION,
  SERVER_REQUEST_SIZE,
  SERVER_RESPONSE_SIZE,
  SLOTS_FREE,
  SLOTS_USED,
  WAITING,
} from './request-families.ts'
import { TagTable } from './tag-table.ts'

/** Why requests and connections are turned away. */
export const REFUSAL_REASONS = ['queue-full', 'busy', 'queue-timeout', 'malformed', 'connections'] as const
/** One of {@link REFUSAL_REASONS}. */
export type CountedRefusal = (typeof REFUSAL_REASONS)[number]

/** Protocols spoken with the app, as labels. */
const APP_PROTOCOLS = ['http1', 'h2c'] as const
/** States of the drain, as labels. */
const DRAIN_STATES = ['idle', 'draining', 'drained'] as const

/** What is asked when metrics are collected. */
export interface Figures {
  /** Requests that hold a slot or wait for one; NaN without a limit, as are the three below. */
  readonly pending: number
  readonly slotsUsed: number
  readonly slotsFree: number
  readonly waiting: number
  /** Requests in flight, with a limit or without. */
  readonly inFlight: number
  /** How the app is spoken to, once that is known. */
  readonly appProtocol: (typeof APP_PROTOCOLS)[number] | ''
  readonly drainState: (typeof DRAIN_STATES)[number]
}

/** What is known of a request when it is over. The caller may use one object for all of them. */
export interface RequestFacts {
  method: string
  /** Status sent to the client; 0 when none was. */
  status: number
  outcome: Outcome
  /** By any of the signs of a probe: left out of what is measured for clients. */
  isAnyProbe: boolean
  /** Whether it was sent to the app. */
  isForwarded: boolean
  /** When its head was complete, ms on one clock with the two below. */
  startedAtMs: number
  /** When it was sent to the app. */
  dispatchedAtMs: number
  doneAtMs: number
  requestBytes: number
  responseBytes: number
  isHttp2: boolean
  /** Of HTTP/1: whether it came over 1.0. */
  isHttp10: boolean
  isEncrypted: boolean
  upstreamIsHttp2: boolean
  routeTag: string
}

/** Versions of HTTP as Go writes them. */
const VERSIONS = ['1.1', '2.0', '1.0'] as const
const SCHEMES = ['http', 'https'] as const
/** What a client's attributes make together: a method, a version and a scheme. */
const SERVER_COMBINATIONS = KNOWN_METHODS.length * VERSIONS.length * SCHEMES.length
const CLIENT_COMBINATIONS = KNOWN_METHODS.length * VERSIONS.length

/** Places for a status: 100 to 599, and one for what is none. */
const STATUS_PLACES = 501
/** Outcomes other than `ok`, which stand in place of a status towards the app. */
const ERROR_TYPES = ['client-gone', 'refused', 'timeout', 'upstream-failed'] as const

/** The instruments of one label set, towards a client or the app. */
class Measures {
  readonly duration: Histogram
  readonly requestSize: Histogram
  /** Null towards the app, where Knative does not measure it either. */
  readonly responseSize: Histogram | null

  constructor(duration: Histogram, requestSize: Histogram, responseSize: Histogram | null) {
    this.duration = duration
    this.requestSize = requestSize
    this.responseSize = responseSize
  }
}

/** Measures by status, then by the rest of the labels; filled in as they are needed. */
type MeasureTable = (Measures[] | undefined)[]

/** What belongs to one route tag. */
class TagMeasures {
  readonly server: MeasureTable = []
  readonly client: MeasureTable = []
}

/**
 * Measures requests. Each label set's instruments are looked up by small numbers, and made once; counting a request
 * then costs a few additions. The handler holds null in its place when nothing is exported.
 */
export class RequestMetrics {
  readonly #port: number
  readonly #tags: TagTable<TagMeasures> = new TagTable(() => new TagMeasures())
  readonly #invocations: (Histogram | undefined)[] = []
  readonly #invocation: HistogramFamily
  readonly #serverDuration: HistogramFamily
  readonly #serverRequestSize: HistogramFamily
  readonly #serverResponseSize: HistogramFamily
  readonly #clientDuration: HistogramFamily
  readonly #clientRequestSize: HistogramFamily
  readonly #refusals: Readonly<Record<CountedRefusal, Counter>>
  readonly #clientGone: Counter

  /** Adds the families to `registry`. `appPort` is where the app listens; `figures` is asked at every collection. */
  constructor(registry: MetricRegistry, appPort: number, figures: () => Figures) {
    this.#port = appPort
    this.#invocation = registry.add(new HistogramFamily(INVOCATION_DURATION, DURATION_BOUNDS))
    this.#serverDuration = registry.add(new HistogramFamily(SERVER_DURATION, DURATION_BOUNDS))
    this.#serverRequestSize = registry.add(new HistogramFamily(SERVER_REQUEST_SIZE, SIZE_BOUNDS))
    this.#serverResponseSize = registry.add(new HistogramFamily(SERVER_RESPONSE_SIZE, SIZE_BOUNDS))
    this.#clientDuration = registry.add(new HistogramFamily(CLIENT_DURATION, DURATION_BOUNDS))
    this.#clientRequestSize = registry.add(new HistogramFamily(CLIENT_REQUEST_SIZE, SIZE_BOUNDS))
    const refusals = registry.add(new CounterFamily(REFUSALS))
    this.#refusals = Object.fromEntries(
      REFUSAL_REASONS.map((reason) => [reason, refusals.with(reason)]),
    ) as Record<CountedRefusal, Counter>
    this.#clientGone = registry.add(new CounterFamily(CLIENTS_GONE)).with()
    addFigures(registry, figures)
  }

  /** A request or a connection was turned away. A request is also told of to {@link onDone}. */
  onRefused(reason: CountedRefusal): void {
    this.#refusals[reason].add(1)
  }

  /** A request is over. */
  onDone(facts: RequestFacts): void {
    const status = countedStatus(facts.status, facts.outcome)
    const method = methodIndex(facts.method)
    const tag = this.#tags.get(facts.routeTag)
    const outcome = countedOutcome(facts.status, facts.outcome)
    if (outcome === 'client-gone') this.#clientGone.add(1)
    if (!facts.isAnyProbe) this.#measureServer(facts, status, method, tag)
    if (!facts.isForwarded) return
    if (!facts.isAnyProbe) this.#invocationOf(status).observe((facts.doneAtMs - facts.dispatchedAtMs) / 1000)
    this.#measureClient(facts, outcome, method, tag)
  }

  #invocationOf(status: number): Histogram {
    return (this.#invocations[statusPlace(status)] ??= this.#invocation.with(statusLabel(status)))
  }

  #measureServer(facts: RequestFacts, status: number, method: number, tag: TagMeasures): void {
    const version = facts.isHttp2 ? 1 : facts.isHttp10 ? 2 : 0
    const scheme = facts.isEncrypted ? 1 : 0
    const rest = (method * VERSIONS.length + version) * SCHEMES.length + scheme
    const ofStatus = (tag.server[statusPlace(status)] ??= emptyRow(SERVER_COMBINATIONS))
    const measures = (ofStatus[rest] ??= this.#serverMeasures(
      method,
      scheme,
      version,
      status,
      facts.routeTag,
    ))
    measures.duration.observe((facts.doneAtMs - facts.startedAtMs) / 1000)
    measures.requestSize.observe(facts.requestBytes)
    measures.responseSize!.observe(facts.responseBytes)
  }

  #measureClient(facts: RequestFacts, outcome: Outcome, method: number, tag: TagMeasures): void {
    const version = facts.upstreamIsHttp2 ? 1 : 0
    // A failed exchange has its outcome in place of a status, behind all of those.
    const place = outcome === 'ok' ? statusPlace(facts.status) : STATUS_PLACES + ERROR_TYPES.indexOf(outcome)
    const ofResult = (tag.client[place] ??= emptyRow(CLIENT_COMBINATIONS))
    const measures = (ofResult[method * VERSIONS.length + version] ??= this.#clientMeasures(
      method,
      version,
      outcome === 'ok' ? statusLabel(facts.status) : '',
      outcome === 'ok' ? '' : outcome,
      facts.routeTag,
    ))
    measures.duration.observe((facts.doneAtMs - facts.dispatchedAtMs) / 1000)
    measures.requestSize.observe(facts.requestBytes)
  }

  #serverMeasures(method: number, scheme: number, version: number, status: number, tag: string): Measures {
    const labels = [
      KNOWN_METHODS[method],
      SCHEMES[scheme],
      'http',
      VERSIONS[version],
      statusLabel(status),
      this.#tags.label(tag),
    ] as const
    return new Measures(
      this.#serverDuration.with(...labels),
      this.#serverRequestSize.with(...labels),
      this.#serverResponseSize.with(...labels),
    )
  }

  #clientMeasures(
    method: number,
    version: number,
    status: number | '',
    error: string,
    tag: string,
  ): Measures {
    const labels = [
      KNOWN_METHODS[method],
      'http',
      '127.0.0.1',
      this.#port,
      'http',
      VERSIONS[version],
      status,
      error,
      this.#tags.label(tag),
    ] as const
    return new Measures(this.#clientDuration.with(...labels), this.#clientRequestSize.with(...labels), null)
  }
}

/** A row whose cells are there from the beginning: an array that grows holes would be slow. */
function emptyRow(length: number): Measures[] {
  return Array.from({ length })
}

/** Where a status stands in a table: what is no status shares one place. */
function statusPlace(status: number): number {
  return status >= 100 && status <= 599 ? status - 100 : STATUS_PLACES - 1
}

/** A status as a label: what is none is 0, whatever it is, so that an app cannot make labels up. */
function statusLabel(status: number): number {
  return status >= 100 && status <= 599 ? status : 0
}

/** Registers what is asked when it is collected. Nothing of it is kept up to date in between. */
function addFigures(registry: MetricRegistry, figures: () => Figures): void {
  const depth = registry.add(new GaugeFamily(QUEUE_DEPTH)).with()
  const used = registry.add(new GaugeFamily(SLOTS_USED)).with()
  const free = registry.add(new GaugeFamily(SLOTS_FREE)).with()
  const waiting = registry.add(new GaugeFamily(WAITING)).with()
  const inFlight = registry.add(new GaugeFamily(IN_FLIGHT)).with()
  const protocol = registry.add(new GaugeFamily(APP_PROTOCOL))
  const drain = registry.add(new GaugeFamily(DRAIN_STATE))
  registry.beforeCollection(() => {
    const now = figures()
    depth.set(now.pending)
    used.set(now.slotsUsed)
    free.set(now.slotsFree)
    waiting.set(now.waiting)
    inFlight.set(now.inFlight)
    for (const one of APP_PROTOCOLS) protocol.with(one).set(one === now.appProtocol ? 1 : 0)
    for (const state of DRAIN_STATES) drain.with(state).set(state === now.drainState ? 1 : 0)
  })
}
