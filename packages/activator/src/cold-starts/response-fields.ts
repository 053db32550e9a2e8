import type { ResponseHead } from '@pilotlight/http1'
import type { Exchange } from '@pilotlight/relay'
import type { Call } from '../call.ts'
import type { RequestIds } from './request-ids.ts'
import { serverTiming } from './server-timing.ts'

/**
 * What a client is told beside the response: the id of its request, how it waited for a cold start, and where its trace went on. Most
 * requests have nothing of that.
 */
export class ResponseFields {
  readonly #ids: RequestIds
  readonly #hasTiming: boolean

  /** `hasTiming` is whether Server-Timing is sent at all. */
  constructor(ids: RequestIds, hasTiming: boolean) {
    this.#ids = ids
    this.#hasTiming = hasTiming
  }

  /** Adds the fields to the response of an instance. What its app says of Server-Timing stays, and so does an X-Request-Id of its own. */
  addTo(head: ResponseHead, { requestId, traceResponse, wait }: Call): void {
    if (requestId !== '' && this.#ids.areTold && head.indexOf('x-request-id') < 0)
      head.add('X-Request-Id', requestId)
    if (wait !== null && this.#hasTiming) head.add('Server-Timing', serverTiming(wait))
    if (traceResponse !== '') head.set('traceresponse', traceResponse)
  }

  /** The same for an error of ours, as header lines: it always has an id, unless ids are off. */
  ofError(call: Call): string {
    const { exchange, traceResponse, wait } = call
    const timing = wait !== null && this.#hasTiming ? `Server-Timing: ${serverTiming(wait)}\r\n` : ''
    const trace = traceResponse === '' ? '' : `traceresponse: ${traceResponse}\r\n`
    if (this.#ids.areTold && call.requestId === '')
      call.requestId = this.#ids.identify(exchange, call.isTrusted)
    return `${this.#idLine(call.requestId)}${timing}${trace}`
  }

  /** The same for a request that belongs to no revision. */
  ofUnknown(exchange: Exchange, isTrusted: boolean): string {
    return this.#ids.areTold ? this.#idLine(this.#ids.identify(exchange, isTrusted)) : ''
  }

  #idLine(id: string): string {
    return id !== '' && this.#ids.areTold ? `X-Request-Id: ${id}\r\n` : ''
  }
}
