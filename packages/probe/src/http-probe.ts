import { Socket } from 'node:net'
import { type Attempt, failure, prefixed, type ProbeFailure, type ProbeOutcome } from './attempt.ts'
import { dial } from './dial.ts'
import { AWAITING_HEADERS, type GetOverHttp1, type GetResponse } from './get-response.ts'
import { getOverH2 } from './h2-get.ts'
import { loadHttp2 } from './h2-session.ts'
import { getOverNodeHttp } from './node-http-get.ts'
import { type ProbeFields, probeFields } from './probe-fields.ts'
import type { HttpGetAction } from './probe-action.ts'
import { type ProbeTarget, redirectOf, targetOf } from './probe-target.ts'
import { loadTls, secured } from './secured.ts'

/** What probes share. */
export interface ProbeSettings {
  /** Value of User-Agent when the user names none. */
  readonly userAgent: string
  /** Whether HTTP/2 is tried first. */
  readonly detectHttp2: boolean
  /** Told about a redirect to another host. */
  readonly onRedirectAway: (from: string, to: string) => void
  /** Told each time that a connection stands: something listens. */
  readonly onConnected?: () => void
  /** Sends a GET over HTTP/1.1. By default Node's own client does, which is loaded the first time. */
  readonly getOverHttp1?: GetOverHttp1
}

/** Go's client and kubelet follow as many. */
const REDIRECTS_MAX = 10
/** Statuses that are followed when they say where to. */
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/**
 * Sends a GET and looks at the status: 200 to 399 is ready.
 *
 * With `detectHttp2`, as in Knative, a GET without the user's fields goes ahead over HTTP/2; when it is answered well, the
 * real one follows over HTTP/2 and decides. Else the real one goes over HTTP/1.1.
 */
export async function probeHttp(
  action: HttpGetAction,
  attempt: Attempt,
  settings: ProbeSettings,
): Promise<ProbeOutcome> {
  const target = targetOf(action)
  if ('text' in target) return target
  const fields = probeFields(action.headers, settings.userAgent)
  if ('text' in fields) return prefixed(`Get "${target.url}": `, fields)
  const client = new Client(attempt, settings)
  if (!settings.detectHttp2 || target.isTls) return verdict(await client.get(target, fields, false))

  const bare = probeFields([], settings.userAgent) as ProbeFields
  const first = await client.get(target, bare, true)
  if (verdict(first) === null) {
    attempt.restart()
    return verdict(await client.get(target, fields, true))
  }
  attempt.restart()
  const outcome =
    'isRefused' in first && first.isRefused ? first : verdict(await client.get(target, fields, false))
  return outcome === null ? null : prefixed('failed to run HTTP protocol probe with error: ', outcome)
}

/** Ready, or the text that Knative prints. */
function verdict(response: GetResponse | ProbeFailure): ProbeOutcome {
  if ('text' in response) return response
  if (response.status >= 200 && response.status < 400) return null
  return failure(`HTTP probe did not respond Ready, got status code: ${response.status}`)
}

/** Follows redirects, each request over a connection of its own. */
class Client {
  readonly #attempt: Attempt
  readonly #settings: ProbeSettings

  constructor(attempt: Attempt, settings: ProbeSettings) {
    this.#attempt = attempt
    this.#settings = settings
  }

  async get(first: ProbeTarget, request: ProbeFields, isH2: boolean): Promise<GetResponse | ProbeFailure> {
    let target = first
    let fields = request
    for (let followed = 0; ; followed++) {
      const response = await this.#getOnce(target, fields, isH2)
      if ('text' in response) return prefixed(`Get "${target.url}": `, response)
      if (!REDIRECTS.has(response.status) || response.location === '') return response
      const redirect = redirectOf(target, response.location, first.host)
      if ('text' in redirect) return redirect
      if (!redirect.isFollowed) {
        this.#settings.onRedirectAway(target.url, redirect.url)
        return response
      }
      if (followed + 1 >= REDIRECTS_MAX)
        return failure(`Get ${JSON.stringify(response.location)}: stopped after ${REDIRECTS_MAX} redirects`)
      target = redirect.to
      // A Host of the user's own stays only where the app did not name another place (Go's rule).
      if (/^[a-z][a-z\d+.-]*:|^\/\//i.test(response.location)) fields = { ...fields, host: '' }
    }
  }

  async #getOnce(
    target: ProbeTarget,
    fields: ProbeFields,
    isH2: boolean,
  ): Promise<GetResponse | ProbeFailure> {
    if (target.isTls) void loadTls()
    else if (isH2) void loadHttp2()
    const socket = await dial(target.host, target.port, target.authority, this.#attempt)
    if (!(socket instanceof Socket)) {
      return this.#attempt.isTimedOut
        ? failure(`${socket.text} (Client.Timeout exceeded while awaiting headers)`)
        : socket
    }
    if (this.#attempt.isOver) return AWAITING_HEADERS
    if (isH2 && !target.isTls) return getOverH2(socket, target, fields, this.#attempt)
    const connected = target.isTls ? await secured(socket, target.host, this.#attempt) : socket
    if (!(connected instanceof Socket)) return connected
    const getOverHttp1 = this.#settings.getOverHttp1 ?? getOverNodeHttp
    return getOverHttp1(connected, target, fields, this.#attempt)
  }
}
