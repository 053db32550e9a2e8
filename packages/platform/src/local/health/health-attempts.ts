import {
  failure,
  type HttpGetAction,
  type ProbeAction,
  type ProbeOutcome,
  startProbe,
} from '@pilotlight/probe'
import type { InstanceHealthOptions } from './instance-health.ts'
import type { ContainerProbe, ContainerSpec } from '../../manifest/manifest-set.ts'

/** An attempt under way. */
export interface HealthAttempt {
  /** Null when it found what it looked for. Never rejects. */
  readonly outcome: Promise<ProbeOutcome>
  /** Ends it; what `outcome` then says means nothing. */
  cancel(): void
}

/** How the sidecar is asked whether its app is ready. */
export interface SidecarQuestion {
  /** `host:port`. */
  readonly address: string
  /** How long it may wait until the app is ready before it says no, whole seconds; 0 asks for an answer at once. */
  readonly waitSeconds: number
  /** For an answer, beyond the wait, ms. */
  readonly timeoutMs: number
}

/** Makes single attempts. Replaced in tests of what follows from their outcomes. */
export interface HealthAttempts {
  /** Starts one of a probe of that container, run directly. */
  probe(container: ContainerSpec, probe: ContainerProbe): HealthAttempt
  /** Asks the sidecar. */
  askSidecar(question: SidecarQuestion): HealthAttempt
}

/** Longest time a timer of Node can be set to, ms. Above it a timer would fire at once. */
export const TIMER_MS_MAX = 0x7fff_ffff
const LOOPBACK = '127.0.0.1'
/** By its beginning, apps and the sidecar know that a kubelet asks. */
const USER_AGENT = 'kube-probe/pilotlight'

/** Attempts with sockets and processes. */
export class InstanceAttempts implements HealthAttempts {
  readonly #options: Pick<InstanceHealthOptions, 'appPort' | 'clock' | 'exec'>

  constructor(options: Pick<InstanceHealthOptions, 'appPort' | 'clock' | 'exec'>) {
    this.#options = options
  }

  probe(container: ContainerSpec, { action, timeoutMs }: ContainerProbe): HealthAttempt {
    const ms = Math.min(timeoutMs, TIMER_MS_MAX)
    if (action.kind !== 'exec-command') return this.#start(this.#withPort(action), ms)
    const outcome = this.#options.exec(container, action.command, ms).then(
      ({ ok, detail }) => (ok ? null : failure(detail)),
      (error: unknown) => failure(`the command could not be run: ${(error as Error).message}`),
    )
    // The command ends by itself, or when its time is over.
    return { outcome, cancel: () => {} }
  }

  askSidecar({ address, waitSeconds, timeoutMs }: SidecarQuestion): HealthAttempt {
    const colon = address.lastIndexOf(':')
    const wait = waitSeconds === 0 ? [] : [{ name: 'Prefer', value: `wait=${waitSeconds}` }]
    const action: HttpGetAction = {
      kind: 'httpGet',
      scheme: 'HTTP',
      host: address.slice(0, colon).replace(/^\[|\]$/g, ''),
      port: address.slice(colon + 1),
      path: '/',
      headers: [{ name: 'K-Network-Probe', value: 'queue' }, ...wait],
    }
    return this.#start(action, Math.min(waitSeconds * 1000 + timeoutMs, TIMER_MS_MAX))
  }

  #start(action: ProbeAction, timeoutMs: number): HealthAttempt {
    return startProbe(action, timeoutMs, this.#options.clock, {
      userAgent: USER_AGENT,
      detectHttp2: false,
      // Ready, as for kubelet.
      onRedirectAway: () => {},
    })
  }

  /** The action with what only the instance knows. */
  #withPort(action: ProbeAction): ProbeAction {
    const { appPort } = this.#options
    switch (action.kind) {
      case 'httpGet':
      case 'tcpSocket': {
        const { host, port } = action
        return { ...action, host: host || LOOPBACK, port: port === '0' ? String(appPort) : port }
      }
      case 'grpc':
        return { ...action, port: action.port === 0 ? appPort : action.port }
      default:
        return action
    }
  }
}
