import type { InstanceFacts, RevisionName, ScalingState } from '@pilotlight/platform'
import { type Failure, FAILURES } from '@pilotlight/relay'
import type { ColdStartOutcome, ColdStartRecord, ColdStartStep } from '@pilotlight/telemetry'
import type { UsableInstances } from '../probing/endpoint-watch.ts'
import type { InstanceAges } from '../probing/instance-ages.ts'
import type { ColdWait } from './cold-wait.ts'

/** What a {@link ColdStart} is begun with. */
export interface ColdStartBegin {
  /** Never used twice by one process. */
  readonly id: string
  readonly name: RevisionName
  /** ms of the monotonic clock, and of the wall clock. */
  readonly queuedAt: number
  readonly startedAt: number
  /** What the platform says at that moment. */
  readonly scaling: ScalingState | null
  /** Time, ms, monotonic. */
  readonly now: () => number
  readonly onOver: (record: ColdStartRecord) => void
}

/** An instance that is ready: since when, ms of the monotonic clock, and what the platform said of it by then. */
export interface ReadyInstance {
  readonly address: string
  readonly listeningAt: number | null
  readonly readyAt: number
  readonly facts: InstanceFacts | undefined
}

/** Instances whose times are kept, of those that become ready at once. */
const INSTANCES_MAX = 100

/**
 * A cold start that is under way, and what it came to:
 *
 *     Waiting ─► a request is dispatched: it leads ─► its response begins: served
 *        │  ▲                    └─ it ends without one ─► the next one leads ─► …
 *        │  └────────────────────┘ (there is none)
 *        ├─► nobody waits or is dispatched any more: abandoned, or failed when an instance broke
 *        └─► no instance can be started: failed
 *
 * Every one ends once, and changes no more then; requests that waited for it have their own times, which go on.
 */
export class ColdStart {
  /** What it came to; null while it goes on. */
  record: ColdStartRecord | null = null
  readonly #begin: ColdStartBegin
  #wokenAt: number | null = null
  /** The instance that requests seem to wait for, as long as none is ready. */
  #awaited: InstanceFacts | null = null
  #instances: readonly InstanceFacts[] = []
  /** By address, in the order in which they became ready. */
  readonly #ready = new Map<string, ReadyInstance>()
  #firstId = ''
  #requests = 0
  /** Those of them that are not over. */
  #live = 0
  #lead: ColdWait | null = null
  /** The first that got its response while another one led. */
  #spare: ColdWait | null = null

  constructor(begin: ColdStartBegin) {
    this.#begin = begin
    if (begin.scaling !== null) this.onScaling(begin.scaling)
  }

  /** Never used twice by one process. */
  get id(): string {
    return this.#begin.id
  }

  /** Requests that waited for it. */
  get requests(): number {
    return this.#requests
  }

  /** How long after `queued` a moment was, ms with three decimals. */
  since(at: number): number {
    return Math.round((at - this.#begin.queuedAt) * 1000) / 1000
  }

  // ── what the platform and the instances say ─────────────────────────────────────────────────────────────────────

  /** The platform was asked for an instance. */
  onWoken(): void {
    this.#wokenAt ??= this.#begin.now()
  }

  /** The platform says what it does. */
  onScaling({ instances }: ScalingState): void {
    this.#instances = instances
    this.#awaited = instances.find(({ state }) => state !== 'ending') ?? this.#awaited
  }

  /**
   * The sidecar at `address` says that its app is ready. With `ages` null it does not say since when: then the platform may know, and if not it
   * counts from now.
   */
  onAnswered(address: string, ages: InstanceAges | null): void {
    const now = this.#begin.now()
    if (this.#ready.size >= INSTANCES_MAX && !this.#ready.has(address)) return
    const facts = this.#instances.find((one) => one.address === address)
    const told = ages === null ? (facts?.readyAt ?? now) : now - ages.readyMs
    const toldListening = ages?.listeningMs == null ? (facts?.listeningAt ?? null) : now - ages.listeningMs
    // What another process says is no reason to believe that it was ready before it was started.
    const startedAt = facts?.startedAt ?? -Infinity
    const readyAt = Math.min(now, Math.max(startedAt, told))
    const listeningAt = toldListening === null ? null : Math.min(readyAt, Math.max(startedAt, toldListening))
    this.#ready.set(address, { address, listeningAt, readyAt, facts })
  }

  /** These can be used from now on, whether they were asked or not. */
  onUsable({ instances, clusterAddress }: UsableInstances): void {
    for (const address of instances.keys()) if (!this.#ready.has(address)) this.onAnswered(address, null)
    if (clusterAddress !== '' && !this.#ready.has(clusterAddress)) this.onAnswered(clusterAddress, null)
  }

  // ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A request waits for it. */
  join(wait: ColdWait): void {
    if (this.#requests++ === 0) this.#firstId = wait.requestId
    this.#live++
  }

  /** One of those that waited was sent to an instance. */
  onDispatched(wait: ColdWait): void {
    if (this.record !== null) return
    wait.readyInstance = this.#ready.get(wait.address) ?? null
    this.#lead ??= wait
  }

  /** It is not at an instance any more, and will be sent again. */
  onRetry(wait: ColdWait): void {
    if (this.record === null && wait === this.#lead) this.#replaceLead()
  }

  /** Its response began. */
  onFirstByte(wait: ColdWait): void {
    if (this.record !== null) return
    this.#lead ??= wait
    if (wait === this.#lead) this.#end('served', '')
    else this.#spare ??= wait
  }

  /** It is over; `failure` is why it got no response, or empty. `othersWait` is whether somebody waits who has not joined. */
  onLeft(wait: ColdWait, failure: Failure | '', othersWait: boolean): void {
    this.#live--
    if (this.record !== null) return
    // The last one goes on leading: how far it came is all there is to say.
    const isLast = this.#live === 0 && !othersWait && this.#spare === null
    if (wait === this.#lead && !isLast) this.#replaceLead()
    this.endIfAlone(failure, othersWait)
  }

  #replaceLead(): void {
    this.#lead = this.#spare
    if (this.#lead !== null) this.#end('served', '')
  }

  /** Ends it when nobody is left. `failure` is what became of the last one. */
  endIfAlone(failure: Failure | '', othersWait: boolean): void {
    if (this.record !== null || this.#live > 0 || othersWait) return
    const row = failure === '' ? null : FAILURES[failure]
    this.#end(row?.outcome === 'upstream-failed' ? 'failed' : 'abandoned', row?.text ?? '')
  }

  /** No instance can be started. */
  fail(reason: string): void {
    if (this.record === null) this.#end('failed', reason)
  }

  // ── what it came to ─────────────────────────────────────────────────────────────────────────────────────────────

  /** When each step was, ms since `queued`; null for what has not happened or is not known. */
  get steps(): Readonly<Record<ColdStartStep, number | null>> {
    if (this.record !== null) return this.record.steps
    const since = (at: number | null | undefined): number | null => (at == null ? null : this.since(at))
    const ready = this.#counted
    const facts = ready === null && this.#lead === null ? this.#awaited : ready?.facts
    return {
      queued: 0,
      woken: since(this.#wokenAt),
      scheduled: since(facts?.scheduledAt),
      'process-started': since(facts?.startedAt),
      listening: since(ready?.listeningAt),
      ready: since(ready?.readyAt),
      dispatched: since(this.#lead?.dispatchedAt),
      'first-byte': since(this.#lead?.firstByteAt),
    }
  }

  /** The instance that counts: the one the leading request was sent to, or else the first that was ready. */
  get #counted(): ReadyInstance | null {
    if (this.#lead !== null) return this.#lead.readyInstance
    return this.#ready.values().next().value ?? null
  }

  #end(outcome: ColdStartOutcome, reason: string): void {
    const { id, name, startedAt, now, onOver } = this.#begin
    const { steps } = this
    this.record = {
      id,
      namespace: name.namespace,
      revision: name.name,
      instance: this.#counted?.facts?.name ?? this.#counted?.address ?? '',
      requestId: this.#firstId,
      startedAt: new Date(startedAt).toISOString(),
      steps,
      totalMs: steps['first-byte'] ?? this.since(now()),
      requests: this.#requests,
      outcome,
      reason,
    }
    this.#forget()
    onOver(this.record)
  }

  /** Requests that waited keep it for as long as they can be asked about: it keeps what they need, and no more. */
  #forget(): void {
    this.#lead = null
    this.#spare = null
    this.#awaited = null
    this.#instances = []
    this.#ready.clear()
  }
}
