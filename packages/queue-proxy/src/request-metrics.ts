import type { Outcome } from '@pilotlight/relay'
import {
  countedOutcome,
  countedStatus,
  type HttpFacts,
  HttpMetrics,
  HttpOwner,
  OUTCOMES,
  statusLabel,
  statusPlace,
} from '@pilotlight/service'
import {
  type Counter,
  CounterFamily,
  DURATION_BOUNDS,
  GaugeFamily,
  type Histogram,
  HistogramFamily,
  type MetricRegistry,
} from '@pilotlight/telemetry'
import {
  APP_PROTOCOL,
  CLIENTS_GONE,
  DRAIN_STATE,
  HTTP_ATTRIBUTES,
  INVOCATION_DURATION,
  IN_FLIGHT,
  QUEUE_DEPTH,
  REFUSALS,
  REQUEST_OUTCOMES,
  SLOTS_FREE,
  SLOTS_USED,
  WAITING,
} from './request-families.ts'
import { TagTable } from './tag-table.ts'

/** Why requests and connections are turned away. */
export const REFUSAL_REASONS = ['queue-full', 'busy', 'queue-timeout', 'malformed', 'connections'] as const
/** One of {@link REFUSAL_REASONS}. */
export type CountedRefusal = (typeof REFUSAL_REASONS)[number]

/** Where the app is, as a label. */
const APP_HOST = '127.0.0.1'
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
export interface RequestFacts extends HttpFacts {
  /** By any of the signs of a probe: left out of what is measured for clients. */
  isAnyProbe: boolean
  /** Whether it was sent to the app. */
  isForwarded: boolean
  routeTag: string
}

/**
 * Measures requests. Each label set's instruments are looked up by small numbers, and made once; counting a request
 * then costs a few additions. The handler holds null in its place when nothing is exported.
 */
export class RequestMetrics {
  readonly #http: HttpMetrics
  readonly #tags: TagTable<HttpOwner>
  readonly #invocations: (Histogram | undefined)[] = []
  readonly #invocation: HistogramFamily
  readonly #refusals: Readonly<Record<CountedRefusal, Counter>>
  readonly #outcomes: Readonly<Record<Outcome, Counter>>
  readonly #clientGone: Counter

  /** Adds the families to `registry`. `appPort` is where the app listens; `figures` is asked at every collection. */
  constructor(registry: MetricRegistry, appPort: number, figures: () => Figures) {
    this.#invocation = registry.add(new HistogramFamily(INVOCATION_DURATION, DURATION_BOUNDS))
    this.#http = new HttpMetrics(registry, HTTP_ATTRIBUTES)
    this.#tags = new TagTable((label) => new HttpOwner([label], [APP_HOST, appPort]))
    const refusals = registry.add(new CounterFamily(REFUSALS))
    this.#refusals = Object.fromEntries(
      REFUSAL_REASONS.map((reason) => [reason, refusals.with(reason)]),
    ) as Record<CountedRefusal, Counter>
    const outcomes = registry.add(new CounterFamily(REQUEST_OUTCOMES))
    this.#outcomes = Object.fromEntries(
      OUTCOMES.map((outcome) => [outcome, outcomes.with(outcome)]),
    ) as Record<Outcome, Counter>
    this.#clientGone = registry.add(new CounterFamily(CLIENTS_GONE)).with()
    addFigures(registry, figures)
  }

  /** A request or a connection was turned away. A request is also told of to {@link onDone}. */
  onRefused(reason: CountedRefusal): void {
    this.#refusals[reason].add(1)
  }

  /** A request is over. */
  onDone(facts: RequestFacts): void {
    const owner = this.#tags.get(facts.routeTag)
    const outcome = countedOutcome(facts.status, facts.outcome)
    if (outcome === 'client-gone') this.#clientGone.add(1)
    if (!facts.isAnyProbe) {
      this.#outcomes[outcome].add(1)
      this.#http.measureServer(owner, facts)
    }
    if (!facts.isForwarded) return
    if (!facts.isAnyProbe) this.#observeInvocation(facts)
    this.#http.measureClient(owner, facts)
  }

  #observeInvocation(facts: RequestFacts): void {
    const status = countedStatus(facts.status, facts.outcome)
    const invocation = (this.#invocations[statusPlace(status)] ??= this.#invocation.with(statusLabel(status)))
    invocation.observe((facts.doneAtMs - facts.dispatchedAtMs) / 1000)
  }
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
