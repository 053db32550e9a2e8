import { pathOf } from '@pilotlight/service'
import type { LoadMeter } from '@pilotlight/admission'
import { type Exchange, monotonicNow } from '@pilotlight/relay'
import { answers } from './answers.ts'
import { encodeStat } from './stat-message.ts'

/** The scraper compares it for equality: nothing may be added to it. */
const PROTOBUF = 'Content-Type: application/protobuf\r\n'

/** Tells the autoscaler, which asks every second, how many requests are in flight. */
export class AutoscalingPort {
  readonly #pod: string
  readonly #meter: LoadMeter
  readonly #startedAt: number

  /** `startedAt` is on the clock of the meter, ms. */
  constructor(pod: string, meter: LoadMeter, startedAt: number) {
    this.#pod = pod
    this.#meter = meter
    this.#startedAt = startedAt
  }

  /** Answers a request on the autoscaling port: any method, whatever it accepts. */
  answer(exchange: Exchange): void {
    if (pathOf(exchange) !== '/metrics') return answers.answerNotFound(exchange)
    const report = this.#meter.report(monotonicNow())
    exchange.reply(200, `${PROTOBUF}${answers.proxyStatus()}`, encodeStat(this.#pod, report, this.#startedAt))
  }
}
