import type { RequestHead } from '@pilotlight/http1'
import { removeSteeringFields } from '@pilotlight/service'

/** Makes an ASCII letter lower case. */
const LOWER_BIT = 0x20
const F = 0x66
const G = 0x67
const K = 0x6b
const P = 0x70
const X = 0x78

/** What a request says of itself beside its message: probe markers, Knative's fields, who it came through. */
export class RequestMarks {
  /** Whose User-Agent it carries, as far as that matters. */
  agent: Agent = 0
  /** Value of K-Network-Probe, or empty. */
  networkProbe = ''
  /** Whether K-Kubelet-Probe is there and not empty. */
  hasKubeletProbe = false
  /** Whether an activator sent it, and so reports it too (`K-Proxy-Request: activator`). */
  isProxied = false
  /** Value of K-Original-Host, or empty. */
  originalHost = ''
  /** Whether the caller would rather be refused than wait (`Pilotlight-Refuse: when-busy`). */
  mayRefuse = false
  /** Whether Pilotlight-Refuse is there, whatever it says: it is for us and not for the app. */
  namesRefusal = false
  /** Whether Knative-Serving-Revision or Knative-Serving-Namespace is there. */
  namesRevision = false
  /** Value of Knative-Serving-Tag, or empty. */
  tag = ''
  /** Value of Knative-Serving-Default-Route, or empty. */
  defaultRoute = ''
  /** Whether there is a Forwarded field with a value. */
  hasForwarded = false
  /** Whether there is an X-Forwarded-For. */
  hasForwardedFor = false
  /** Whether there is an X-Forwarded-Host or X-Forwarded-Proto. */
  hasForwardedOrigin = false
  /** Value of grpc-timeout, or empty. */
  grpcTimeout = ''

  /**
   * Reads the marks of `head`; of a repeated field the first counts, as in Knative. With `isTrusted` false every field
   * that steers us is taken out instead.
   */
  read(head: RequestHead, isTrusted: boolean): void {
    this.#forget()
    if (!isTrusted) removeSteeringFields(head)
    const agent = head.indexOf('user-agent')
    if (isTrusted && agent >= 0) this.agent = agentOf(head, agent)
    const found = fieldsWorthReading(head)
    if (found === 0) return
    if ((found & Found.Forwarding) !== 0) this.#readForwarding(head)
    this.grpcTimeout = head.get('grpc-timeout') ?? ''
    if (isTrusted && (found & Found.Knative) !== 0) this.#readKnative(head)
  }

  #readForwarding(head: RequestHead): void {
    this.hasForwarded = hasForwardedField(head, 'forwarded')
    this.hasForwardedFor = hasForwardedField(head, 'x-forwarded-for')
    this.hasForwardedOrigin =
      hasForwardedField(head, 'x-forwarded-host') || hasForwardedField(head, 'x-forwarded-proto')
  }

  #readKnative(head: RequestHead): void {
    this.networkProbe = head.get('k-network-probe') ?? ''
    this.hasKubeletProbe = (head.get('k-kubelet-probe') ?? '') !== ''
    this.isProxied = head.get('k-proxy-request') === 'activator'
    this.originalHost = head.get('k-original-host') ?? ''
    const refuse = head.get('pilotlight-refuse')
    this.namesRefusal = refuse !== undefined
    this.mayRefuse = refuse === 'when-busy'
    this.namesRevision =
      head.indexOf('knative-serving-revision') >= 0 || head.indexOf('knative-serving-namespace') >= 0
    this.tag = head.get('knative-serving-tag') ?? ''
    this.defaultRoute = head.get('knative-serving-default-route') ?? ''
  }

  #forget(): void {
    this.agent = Agent.Other
    this.networkProbe = ''
    this.hasKubeletProbe = false
    this.isProxied = false
    this.originalHost = ''
    this.mayRefuse = false
    this.namesRefusal = false
    this.namesRevision = false
    this.tag = ''
    this.defaultRoute = ''
    this.hasForwarded = false
    this.hasForwardedFor = false
    this.hasForwardedOrigin = false
    this.grpcTimeout = ''
  }

  // ── the four meanings of a probe (Knative) ──────────────────────────────────────────────────────────────────────

  /** Asks whether this instance is ready: answered here, whatever its path. */
  get isHealthCheck(): boolean {
    return this.agent !== Agent.Other
  }

  /** Asks whether this instance has heard of a configuration, named by a hash: answered here. */
  get isHashProbe(): boolean {
    return this.networkProbe === 'probe'
  }

  /** Comes from a kubelet, or says so: it passes the limit and is not counted. */
  get isKubeletProbe(): boolean {
    return this.agent === Agent.Kubelet || this.hasKubeletProbe
  }

  /** Any of these, and every other value of K-Network-Probe: not in request metrics, traces and the request log. */
  get isAnyProbe(): boolean {
    return this.isKubeletProbe || this.networkProbe !== ''
  }

  /** The route tag for labels; no field of the request changes by it. */
  get routeTag(): string {
    if (this.tag === '') return this.defaultRoute === '' ? 'kn:disabled' : 'kn:default'
    return this.defaultRoute === 'true' ? 'kn:undefined' : this.tag
  }
}

/** Who asks, as far as User-Agent tells it apart. */
export const Agent = {
  Other: 0,
  Kubelet: 1,
  Activator: 2,
  Autoscaler: 3,
} as const
/** One of {@link Agent}. */
export type Agent = (typeof Agent)[keyof typeof Agent]

/** Which groups of fields may be there. */
const Found = { Forwarding: 1, Knative: 2, Other: 4 } as const

/**
 * One cheap pass that looks at the length and the first letter of each name only: requests without any of our fields,
 * which are most, need no second.
 */
function fieldsWorthReading(head: RequestHead): number {
  let found = 0
  for (let i = 0; i < head.count; i++) {
    const initial = head.text.charCodeAt(head.nameStart(i)) | LOWER_BIT
    switch (head.nameLength(i)) {
      case 9:
        if (initial === F) found |= Found.Forwarding
        break
      case 12:
        if (initial === G) found |= Found.Other
        break
      case 15:
      case 16:
      case 17:
        if (initial === X) found |= Found.Forwarding
        else if (initial === K || initial === P) found |= Found.Knative
        break
      case 19:
      case 24:
      case 25:
      case 29:
        if (initial === K) found |= Found.Knative
        break
      default:
    }
  }
  return found
}

/** Whether such a field with a value goes on to the app; one that Connection names does not. */
function hasForwardedField(head: RequestHead, lowerName: string): boolean {
  for (let i = head.indexOf(lowerName); i >= 0; i = head.indexOf(lowerName, i + 1))
    if (head.isForwarded(i) && head.value(i) !== '') return true
  return false
}

function agentOf(head: RequestHead, index: number): Agent {
  if (head.valueStartsWith(index, 'kube-probe/')) return Agent.Kubelet
  if (head.valueStartsWith(index, 'Knative-Activator-Probe')) return Agent.Activator
  return head.valueStartsWith(index, 'Knative-Autoscaling-Probe') ? Agent.Autoscaler : Agent.Other
}
