import {
  type ProbeClient,
  type ProbeRequest,
  type ProbeResult,
  ProbeVerdict,
  type RunningProbe,
} from '../../src/probing/probe-client.ts'

/** A probe that was sent and waits for what a test answers. */
export interface SentProbe {
  readonly request: ProbeRequest
  isCancelled: boolean
  answer(result: ProbeResult): void
}

/**
 * Stands for the network between activator and sidecars, which cannot be made to answer in an order of our choice: what is tested with
 * it is what becomes of the answers. The real client has tests of its own.
 */
export class FakeProbes implements ProbeClient {
  /** Everything that was sent, in order. */
  readonly sent: SentProbe[] = []

  probe(request: ProbeRequest, done: (result: ProbeResult) => void): RunningProbe {
    const sent: SentProbe = {
      request,
      isCancelled: false,
      answer: (result) => {
        this.#running.delete(sent)
        if (!sent.isCancelled) done(result)
      },
    }
    this.sent.push(sent)
    this.#running.add(sent)
    return {
      cancel: () => {
        sent.isCancelled = true
        this.#running.delete(sent)
      },
    }
  }

  readonly #running = new Set<SentProbe>()

  /** Addresses that are being asked, in the order they were. */
  get asked(): string[] {
    return [...this.#running].map(({ request }) => request.address)
  }

  /** Answers the probe under way of `address`. */
  answer(address: string, result: ProbeResult): void {
    const sent = [...this.#running].find(({ request }) => request.address === address)
    if (sent === undefined) throw new Error(`nobody asks ${address}: ${this.asked.join(', ')} are asked`)
    sent.answer(result)
  }
}

/** What a sidecar of ours says once its app is ready. */
export const READY: ProbeResult = {
  verdict: ProbeVerdict.Ready,
  status: 200,
  waits: true,
  ages: null,
  detail: '',
}
/** What Knative's says. */
export const READY_AT_ONCE: ProbeResult = { ...READY, waits: false }
/** Nobody listens. */
export const REFUSED: ProbeResult = {
  verdict: ProbeVerdict.Refused,
  status: 0,
  waits: false,
  ages: null,
  detail: 'refused',
}
/** No answer in time. */
export const SILENT: ProbeResult = {
  verdict: ProbeVerdict.Silent,
  status: 0,
  waits: false,
  ages: null,
  detail: 'silent',
}

/** An answer that is not the one looked for. */
export function notReady(status: number, waits = false): ProbeResult {
  return { verdict: ProbeVerdict.NotReady, status, waits, ages: null, detail: `status ${status}` }
}
