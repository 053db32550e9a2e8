import type { Exchange } from '@pilotlight/relay'
import { ownText } from '@pilotlight/telemetry'

/**
 * Which requests are given an id in `X-Request-Id` that goes on to the instance and comes back with the response: none; those that waited for
 * a cold start and those that are answered by us with an error; or all. docs/decisions/0025 says why.
 */
export const REQUEST_ID_MODES = ['off', 'cold', 'all'] as const
/** One of {@link REQUEST_ID_MODES}. */
export type RequestIdMode = (typeof REQUEST_ID_MODES)[number]

/** Longest id of a client that is taken over, characters. */
export const REQUEST_ID_MAX = 128

/** What a client may call its request: visible ASCII, so that it can stand in a field, a path and a log. */
const SANE = /^[!-~]+$/

/** Takes over the ids of requests, or makes new ones: a prefix of this process, and a number. */
export class RequestIds {
  /** Whether every request has one from its beginning on. */
  readonly isForAll: boolean
  readonly #mode: RequestIdMode
  readonly #prefix: string
  #count = 0

  /** `prefix` must be another one in each process. */
  constructor(mode: RequestIdMode, prefix: string) {
    this.#mode = mode
    this.#prefix = prefix
    this.isForAll = mode === 'all'
  }

  /**
   * The id of a request, from the client when it may say so and it is a sane one, else a new one. It goes on with the request, unless ids are
   * off. Asked once for each request.
   */
  identify({ request }: Exchange, isTrusted: boolean): string {
    const told = isTrusted ? (request.get('x-request-id') ?? '') : ''
    if (told.length <= REQUEST_ID_MAX && SANE.test(told)) return ownText(told, REQUEST_ID_MAX)
    const id = `${this.#prefix}-${(++this.#count).toString(36)}`
    if (this.#mode !== 'off') request.set('X-Request-Id', id)
    return id
  }

  /** Whether a request whose id is known tells it to its client. */
  get areTold(): boolean {
    return this.#mode !== 'off'
  }
}
