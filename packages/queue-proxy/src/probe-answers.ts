import type { Exchange } from '@pilotlight/relay'
import { waitSeconds } from '@pilotlight/service'
import { answers } from './answers.ts'
import type { Drainer } from './drainer.ts'
import type { RequestMarks } from './request-marks.ts'

/** What the answers need to know of the app. */
export interface ReadinessSource {
  /** Runs the probes as Knative does. */
  check(): Promise<boolean>
  /** Resolves true the moment the app is ready, false after `ms`. */
  awaitReady(ms: number): { readonly result: Promise<boolean>; cancel(): void }
  /** How long ago the app began to listen and was ready, ms; null for what was not seen. */
  readonly ages: { readonly listeningMs: number | null; readonly readyMs: number | null }
}

/** What the prober tells Knative's data plane when the app is ready. */
const READY = 'queue'
const SHUTTING_DOWN = 'shutting down\n'

/** A probe that is being answered. */
export class PendingProbe {
  readonly exchange: Exchange
  /** Stops waiting for the app; set once there is something to stop. */
  cancel: () => void = () => {}

  constructor(exchange: Exchange) {
    this.exchange = exchange
  }
}

/** Answers the probes that end here, and never reach the app. */
export class ProbeAnswers {
  readonly #readiness: ReadinessSource
  readonly #drainer: Drainer
  readonly #pending = new Set<PendingProbe>()

  constructor(readiness: ReadinessSource, drainer: Drainer) {
    this.#readiness = readiness
    this.#drainer = drainer
    // Whoever waits for an app that is being ended waits in vain.
    drainer.onDraining = () => {
      for (const { exchange } of this.#pending) answerShuttingDown(exchange)
    }
  }

  /** Answers a probe of a kubelet, an activator or an autoscaler, now or when the app has been asked. */
  answerHealthCheck(exchange: Exchange, marks: RequestMarks): void {
    if (this.#drainer.isDraining) return answerShuttingDown(exchange)
    // The autoscaler finds out by this that no activator answered.
    if (marks.networkProbe !== READY) {
      const text = `unexpected probe header value: ${marks.networkProbe}\n`
      return answers.answerError(exchange, 400, text, '', 'refused')
    }
    this.#answerWhenKnown(exchange, waitSeconds(exchange.request.get('prefer')))
  }

  /** Answers the probe of an ingress that looks for a configuration. */
  answerHashProbe(exchange: Exchange): void {
    if (this.#drainer.isDraining) return answerShuttingDown(exchange)
    const hash = exchange.request.get('k-network-hash') ?? ''
    if (hash !== '') return answers.answer(exchange, 200, '', `K-Network-Hash: ${hash}\r\n`)
    const text = 'a probe request must contain a non-empty "K-Network-Hash" header\n'
    answers.answerError(exchange, 400, text, '', 'refused')
  }

  #answerWhenKnown(exchange: Exchange, seconds: number): void {
    const pending = new PendingProbe(exchange)
    exchange.context = pending
    this.#pending.add(pending)
    void this.#ask(pending, seconds).then((isReady) => {
      if (!exchange.isAnswerable || !this.#pending.has(pending)) return
      const fields = seconds > 0 ? 'Preference-Applied: wait\r\n' : ''
      // Who asks us to wait is one of ours, and knows this field too.
      if (isReady) answers.answer(exchange, 200, READY, seconds > 0 ? fields + this.#agesField() : '')
      else exchange.reply(503, `${fields}${answers.proxyStatus('destination_unavailable')}`, '')
    })
  }

  /** When the app began to listen and was ready, as a dictionary (RFC 9651) of ages in ms; empty when nobody has looked. */
  #agesField(): string {
    const { listeningMs, readyMs } = this.#readiness.ages
    const members = Object.entries({ listening: listeningMs, ready: readyMs }).flatMap(([name, ms]) =>
      ms === null ? [] : [`${name}=${Math.max(0, ms).toFixed(1)}`],
    )
    return members.length === 0 ? '' : `Pilotlight-Ages: ${members.join(', ')}\r\n`
  }

  #ask(pending: PendingProbe, seconds: number): Promise<boolean> {
    if (seconds === 0) return this.#readiness.check()
    const wait = this.#readiness.awaitReady(seconds * 1000)
    pending.cancel = () => wait.cancel()
    return wait.result
  }

  /** The exchange of a probe is over. */
  onDone(pending: PendingProbe): void {
    this.#pending.delete(pending)
    pending.cancel()
  }
}

function answerShuttingDown(exchange: Exchange): void {
  answers.answerError(exchange, 503, SHUTTING_DOWN, 'destination_unavailable', 'ok')
}
