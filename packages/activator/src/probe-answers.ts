import type { Exchange } from '@pilotlight/relay'
import type { Logger } from '@pilotlight/telemetry'
import { answers } from './answers.ts'
import type { Health } from './health.ts'
import type { RequestMarks } from './request-marks.ts'

/** What an activator answers to whoever looks for one. */
const ACTIVATOR = 'activator'
/** What an ingress sends to learn whether a configuration has arrived. */
const HASH_PROBE = 'probe'

/** Answers the probes that end here, on any path and method, before anything else (Knative). */
export class ProbeAnswers {
  readonly #health: Health
  readonly #log: Logger

  constructor(health: Health, log: Logger) {
    this.#health = health
    this.#log = log
  }

  /** Answers a probe. Answers false when the request is none. */
  answer(exchange: Exchange, marks: RequestMarks): boolean {
    if (marks.isKubeletProbe) this.#answerKubelet(exchange)
    else if (marks.networkProbe === HASH_PROBE) answerHash(exchange, marks.networkHash)
    else if (marks.networkProbe !== '') answerName(exchange, marks.networkProbe)
    else return false
    return true
  }

  #answerKubelet(exchange: Exchange): void {
    const { problem } = this.#health
    if (problem === '') return answers.answer(exchange, 200, '')
    this.#log.warn(`Healthcheck failed: ${problem}`)
    answers.answerError(exchange, 500, `${problem}\n`, 'destination_unavailable', 'ok')
  }
}

function answerHash(exchange: Exchange, hash: string): void {
  if (hash !== '') return answers.answer(exchange, 200, '', `K-Network-Hash: ${hash}\r\n`)
  const text = 'a probe request must contain a non-empty "K-Network-Hash" header\n'
  answers.answerError(exchange, 400, text, '', 'refused')
}

function answerName(exchange: Exchange, name: string): void {
  if (name === ACTIVATOR) return answers.answer(exchange, 200, ACTIVATOR)
  const text = `unexpected probe header value: ${JSON.stringify(htmlEscaped(name))}\n`
  answers.answerError(exchange, 400, text, '', 'refused')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  "'": '&#39;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
}

/** As Go's `html.EscapeString` writes it. */
function htmlEscaped(text: string): string {
  return text.replaceAll(/[&'<>"]/g, (character) => ENTITIES[character])
}
