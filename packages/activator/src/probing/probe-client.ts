import { Client } from 'undici'
import { type InstanceAges, readAges } from './instance-ages.ts'

/** What one probe of an instance found. */
export const ProbeVerdict = {
  /** The sidecar says that its app is ready. */
  Ready: 0,
  /** Something answered, and it was not that. */
  NotReady: 1,
  /** Nobody listens there. */
  Refused: 2,
  /** No answer: the connection failed, or the time was over. */
  Silent: 3,
} as const
/** One of {@link ProbeVerdict}. */
export type ProbeVerdict = (typeof ProbeVerdict)[keyof typeof ProbeVerdict]

/** What came of one probe. */
export interface ProbeResult {
  readonly verdict: ProbeVerdict
  /** Status of the answer, or 0. */
  readonly status: number
  /** Whether the sidecar waits when it is asked to (RFC 7240), and so is one of ours: it can refuse, too. */
  readonly waits: boolean
  /** What a sidecar of ours says of its app when that is ready; null for others. */
  readonly ages: InstanceAges | null
  /** What there is to say of a failure, for logs; may be empty. */
  readonly detail: string
}

/** A probe that can be given up; its result is then never told. */
export interface RunningProbe {
  cancel(): void
}

/** How an instance is asked. */
export interface ProbeRequest {
  /** `host:port`. */
  readonly address: string
  /** Value of Host; the address when it is empty. */
  readonly host: string
  /** How long the sidecar may wait until its app is ready, whole seconds; 0 asks for an answer at once. */
  readonly waitSeconds: number
  /** For an answer that is not waited for, and for the connection in any case, ms. */
  readonly timeoutMs: number
}

/** Sends probes. Replaced in tests of what is done with their results. */
export interface ProbeClient {
  /** Sends one; `done` is called once, later, unless it is cancelled. */
  probe(request: ProbeRequest, done: (result: ProbeResult) => void): RunningProbe
}

/** Longest answer that is read, bytes; that of a sidecar has five. */
const BODY_BYTES_MAX = 1024
/** What a sidecar may take beyond the wait it was asked for, ms. */
const WAIT_MARGIN_MS = 1000
const READY_BODY = 'queue'

/**
 * Sends Knative's probe: `GET /healthz` with `K-Network-Probe: queue`, over HTTP/1.1 without TLS even where requests go
 * over HTTP/2 or TLS. Each probe has a connection of its own, so that it says something about connecting.
 */
export class SidecarProbeClient implements ProbeClient {
  probe(request: ProbeRequest, done: (result: ProbeResult) => void): RunningProbe {
    return new SidecarProbe(request, done)
  }
}

class SidecarProbe implements RunningProbe {
  readonly #client: Client
  #done: ((result: ProbeResult) => void) | null
  #timer: NodeJS.Timeout
  #isConnected = false

  constructor(request: ProbeRequest, done: (result: ProbeResult) => void) {
    this.#done = done
    this.#timer = setTimeout(() => this.#onTimeout(), request.timeoutMs)
    // All times are ours: those of the client count in whole seconds.
    this.#client = new Client(`http://${request.address}`, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: 0 },
      maxResponseSize: BODY_BYTES_MAX,
    })
    if (request.waitSeconds > 0) this.#client.once('connect', () => this.#onConnect(request.waitSeconds))
    void this.#run(request)
  }

  cancel(): void {
    this.#done = null
    this.#end()
  }

  /** Once it is connected, the sidecar has the time it was asked to wait. */
  #onConnect(waitSeconds: number): void {
    if (this.#done === null) return
    this.#isConnected = true
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#onTimeout(), waitSeconds * 1000 + WAIT_MARGIN_MS)
  }

  async #run(request: ProbeRequest): Promise<void> {
    try {
      const response = await this.#client.request({
        method: 'GET',
        path: '/healthz',
        headers: fieldsOf(request),
      })
      const body = await response.body.text()
      const isReady = response.statusCode === 200 && body === READY_BODY
      this.#finish({
        verdict: isReady ? ProbeVerdict.Ready : ProbeVerdict.NotReady,
        status: response.statusCode,
        waits: response.headers['preference-applied'] === 'wait',
        ages: isReady ? readAges(response.headers['pilotlight-ages']) : null,
        detail: isReady ? '' : `status ${response.statusCode}`,
      })
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      this.#finish(failed(code === 'ECONNREFUSED' ? ProbeVerdict.Refused : ProbeVerdict.Silent, message))
    }
  }

  #onTimeout(): void {
    this.#finish(
      failed(ProbeVerdict.Silent, this.#isConnected ? 'no answer in time' : 'no connection in time'),
    )
  }

  #finish(result: ProbeResult): void {
    const done = this.#done
    this.#done = null
    this.#end()
    done?.(result)
  }

  #end(): void {
    clearTimeout(this.#timer)
    // Ends the request that may still run, which finds that nobody asks any more.
    void this.#client.destroy()
  }
}

function failed(verdict: ProbeVerdict, detail: string): ProbeResult {
  return { verdict, status: 0, waits: false, ages: null, detail }
}

function fieldsOf({ address, host, waitSeconds }: ProbeRequest): Record<string, string> {
  return {
    host: host === '' ? address : host,
    'user-agent': 'Knative-Activator-Probe',
    'k-network-probe': READY_BODY,
    ...(host === '' ? {} : { 'k-passthrough-lb': 'true' }),
    ...(waitSeconds > 0 ? { prefer: `wait=${waitSeconds}` } : {}),
  }
}
