import type { ProbeAction, ProbeOutcome, ProbeRun, ProbeSettings } from '@pilotlight/probe'
import { type Clock, systemClock, TIMER_MS_MAX } from '../clock.ts'
import { type LoopUse, ProbeLoop } from './probe-loop.ts'
import { type StartProbe, startProbe } from './probe-run.ts'
import type { ProbeSpec } from './probe-spec.ts'

/** How the app is probed. */
export interface ReadinessOptions {
  /** `ENABLE_HTTP2_AUTO_DETECTION`: httpGet probes try HTTP/2 with prior knowledge first. */
  readonly detectHttp2: boolean
  /** Value of User-Agent; Knative's by default. */
  readonly userAgent?: string
  /** Writes a line for people to stderr, where Kubernetes shows it in events. The line comes without its end. */
  readonly print: (line: string) => void
  /** Time; that of the process by default. */
  readonly clock?: Clock
  /** Starts attempts; for tests. */
  readonly start?: (action: ProbeAction, timeoutMs: number, clock: Clock, settings: ProbeSettings) => ProbeRun
}

/** Somebody who waits until the app is ready. */
export interface ReadinessWait {
  /** True the moment the app is ready, false when the time is over. */
  readonly result: Promise<boolean>
  /** For a caller that left: `result` is false then. Nothing is probed for it any more. */
  cancel(): void
}

/** For one attempt in aggressive mode, ms. Knative's. */
export const AGGRESSIVE_ATTEMPT_MS = 100
/** For one attempt that names no time, ms: kubelet's default. */
const DEFAULT_ATTEMPT_MS = 1000
/** Knative's: the version of Kubernetes that should stand between the slashes is empty there. */
const USER_AGENT = 'kube-probe//'

/**
 * Whether the app is ready. Asked, it runs the probes; nothing runs while nobody asks. Without probes the app is always
 * ready.
 */
export class Readiness {
  readonly #probes: readonly Probe[]
  readonly #print: (line: string) => void
  readonly #clock: Clock
  #checking: Promise<boolean> | null = null
  readonly #waiters = new Set<Waiter>()
  #round: readonly LoopUse[] | null = null
  #listeningAt: number | null = null
  #readyAt: number | null = null
  #isClosed = false

  constructor(probes: readonly ProbeSpec[], options: ReadinessOptions) {
    this.#print = options.print
    this.#clock = options.clock ?? systemClock
    const seen: Seen = {
      onConnected: () => (this.#listeningAt ??= this.#clock.now()),
      onRefused: () => (this.#listeningAt = this.#readyAt = null),
    }
    this.#probes = probes.map((spec) => new Probe(spec, options, this.#clock, seen))
  }

  /** How long ago the app first accepted a connection and was first found ready, since it last refused one, ms; null for what was not seen. */
  get ages(): AppAges {
    const now = this.#clock.now()
    const since = (at: number | null): number | null => (at === null ? null : now - at)
    return { listeningMs: since(this.#listeningAt), readyMs: since(this.#readyAt) }
  }

  /**
   * Runs all probes once, in parallel, as Knative does: one attempt each, or up to 10 s of them in aggressive mode. All
   * are awaited; the text of the first that fails is printed. Who asks during a run gets its result. A run goes on
   * whatever becomes of those who asked.
   */
  check(): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false)
    this.#checking ??= this.#run()
    return this.#checking
  }

  async #run(): Promise<boolean> {
    let first = ''
    await Promise.all(
      this.#probes.map(async (probe) => {
        const problem = await probe.run()
        if (first === '') first = problem
      }),
    )
    this.#checking = null
    if (first === '') this.#onReady()
    else if (!this.#isClosed) this.#print(first)
    return first === '' && !this.#isClosed
  }

  /**
   * Waits up to `ms` until the app is ready. The probes are repeated until each of them was, all within 10 s: closely
   * while nothing listens on a probe's port, then at pauses that grow to 50 ms. Success thresholds count. Any number of
   * waiters share the attempts, also with aggressive {@link check}s.
   */
  awaitReady(ms: number): ReadinessWait {
    const waiter = new Waiter()
    if (this.#isClosed || this.#probes.length === 0) waiter.resolve(!this.#isClosed)
    else this.#wait(waiter, ms)
    return { result: waiter.result, cancel: () => this.#leave(waiter, false) }
  }

  #wait(waiter: Waiter, ms: number): void {
    this.#waiters.add(waiter)
    waiter.stopTimer = this.#clock.after(Math.min(ms, TIMER_MS_MAX), () => this.#leave(waiter, true))
    if (this.#round === null) this.#beginRound()
  }

  #beginRound(): void {
    const round = this.#probes.map((probe) => probe.loop.join())
    this.#round = round
    void Promise.all(round.map((use) => use.result)).then((results) => {
      if (this.#round !== round) return
      if (!results.every((result) => result === 'ready')) return this.#beginRound()
      this.#round = null
      this.#onReady()
      for (const waiter of this.#waiters) waiter.settle(true)
      this.#waiters.clear()
    })
  }

  /** Without probes nobody has looked. */
  #onReady(): void {
    if (this.#probes.length > 0) this.#readyAt ??= this.#clock.now()
  }

  #leave(waiter: Waiter, isExpired: boolean): void {
    if (!this.#waiters.delete(waiter)) return
    if (this.#waiters.size === 0) {
      const round = this.#round ?? []
      this.#round = null
      for (const use of round) use.leave(isExpired)
    }
    waiter.settle(false)
  }

  /** Ends all that runs: who waits is told false. */
  close(): void {
    this.#isClosed = true
    for (const waiter of this.#waiters) this.#leave(waiter, false)
    for (const probe of this.#probes) probe.close()
  }
}

/** How long ago things happened to the app, ms; null for what was not seen. */
export interface AppAges {
  readonly listeningMs: number | null
  readonly readyMs: number | null
}

/** What attempts notice of the app beside their outcome. */
interface Seen {
  readonly onConnected: () => void
  readonly onRefused: () => void
}

class Waiter {
  readonly result: Promise<boolean>
  resolve: (isReady: boolean) => void = () => {}
  stopTimer: () => void = () => {}

  constructor() {
    this.result = new Promise((resolve) => (this.resolve = resolve))
  }

  settle(isReady: boolean): void {
    this.stopTimer()
    this.resolve(isReady)
  }
}

/** One probe: its single attempts and its loop. */
class Probe {
  readonly loop: ProbeLoop
  readonly #isLooped: boolean
  readonly #attemptMs: number
  readonly #start: StartProbe
  #attempt: ProbeRun | null = null
  #saidRedirect = false

  constructor(spec: ProbeSpec, options: ReadinessOptions, clock: Clock, seen: Seen) {
    const { print } = options
    const { action, timeoutSeconds, successThreshold } = spec
    const isAggressive = spec.periodSeconds === 0
    const settings: ProbeSettings = {
      userAgent: options.userAgent ?? USER_AGENT,
      detectHttp2: options.detectHttp2,
      onConnected: seen.onConnected,
      onRedirectAway: (from, to) => {
        if (!this.#saidRedirect)
          print(`readiness probe ${from} is redirected to another host, ${to}: taken as ready`)
        this.#saidRedirect = true
      },
    }
    const start = options.start ?? startProbe
    this.#start = (timeoutMs) => {
      const run = start(action, timeoutMs, clock, settings)
      void run.outcome.then((outcome) => {
        if (outcome?.isRefused === true) seen.onRefused()
      })
      return run
    }
    // What has nothing to do fails at once, in both modes.
    this.#isLooped = isAggressive && action.kind !== 'exec' && action.kind !== 'none'
    this.#attemptMs = isAggressive ? AGGRESSIVE_ATTEMPT_MS : attemptMs(timeoutSeconds)
    this.loop = new ProbeLoop({
      clock,
      attemptMs: this.#attemptMs,
      successThreshold,
      start: this.#start,
      print,
    })
  }

  /** Runs the probe once in its mode. Resolves with what is wrong, or empty. */
  async run(): Promise<string> {
    // Go's words for the end of the window.
    if (this.#isLooped) return (await this.loop.join().result) === 'ready' ? '' : 'context deadline exceeded'
    this.#attempt = this.#start(this.#attemptMs)
    const outcome: ProbeOutcome = await this.#attempt.outcome
    this.#attempt = null
    this.loop.note(outcome)
    return outcome === null ? '' : outcome.text
  }

  close(): void {
    this.loop.close()
    this.#attempt?.cancel()
  }
}

function attemptMs(timeoutSeconds: number): number {
  return timeoutSeconds > 0 ? Math.min(timeoutSeconds * 1000, TIMER_MS_MAX) : DEFAULT_ATTEMPT_MS
}
