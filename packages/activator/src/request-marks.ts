import type { RequestHead } from '@pilotlight/http1'
import { removeSteeringFields } from '@pilotlight/service'

/** Makes an ASCII letter lower case. */
const LOWER_BIT = 0x20
const G = 0x67
const K = 0x6b
const X = 0x78

/** What a request says of itself beside its message: probe markers, whom it is for, who asks. */
export class RequestMarks {
  /** Whether the User-Agent is a kubelet's, or K-Kubelet-Probe is there and not empty. */
  isKubeletProbe = false
  /** Value of K-Network-Probe, or empty. */
  networkProbe = ''
  /** Value of K-Network-Hash, or empty. */
  networkHash = ''
  /** Value of Knative-Serving-Namespace, or empty. */
  namespace = ''
  /** Value of Knative-Serving-Revision, or empty. */
  revision = ''
  /** Whether there is a K-Proxy-Request. */
  hasProxyRequest = false
  /** Value of Knative-Serving-Tag, or empty. */
  tag = ''
  /** Whether K-Original-Host is there and not empty. */
  hasOriginalHost = false
  /** Whether there is an X-Forwarded-For that is forwarded. */
  hasForwardedFor = false
  /** Value of grpc-timeout, or empty. */
  grpcTimeout = ''

  /**
   * Reads the marks of `head`; of a repeated field the first counts, as in Knative. With `isTrusted` false every field that
   * steers us is taken out instead.
   */
  read(head: RequestHead, isTrusted: boolean): void {
    this.#forget()
    if (!isTrusted) removeSteeringFields(head)
    const agent = head.indexOf('user-agent')
    if (isTrusted && agent >= 0) this.isKubeletProbe = head.valueStartsWith(agent, 'kube-probe/')
    const found = fieldsWorthReading(head)
    if ((found & Found.Deadline) !== 0) this.grpcTimeout = head.get('grpc-timeout') ?? ''
    if ((found & Found.Forwarding) !== 0)
      this.hasForwardedFor = isTrusted && head.indexOf('x-forwarded-for') >= 0
    if (isTrusted && (found & Found.Knative) !== 0) this.#readKnative(head)
  }

  #readKnative(head: RequestHead): void {
    this.networkProbe = head.get('k-network-probe') ?? ''
    this.networkHash = head.get('k-network-hash') ?? ''
    if ((head.get('k-kubelet-probe') ?? '') !== '') this.isKubeletProbe = true
    this.namespace = head.get('knative-serving-namespace') ?? ''
    this.revision = head.get('knative-serving-revision') ?? ''
    this.hasProxyRequest = head.indexOf('k-proxy-request') >= 0
    this.tag = head.get('knative-serving-tag') ?? ''
    this.hasOriginalHost = (head.get('k-original-host') ?? '') !== ''
  }

  #forget(): void {
    this.isKubeletProbe = false
    this.networkProbe = ''
    this.networkHash = ''
    this.namespace = ''
    this.revision = ''
    this.hasProxyRequest = false
    this.tag = ''
    this.hasOriginalHost = false
    this.hasForwardedFor = false
    this.grpcTimeout = ''
  }
}

const Found = { Knative: 1, Deadline: 2, Forwarding: 4 } as const

/**
 * One cheap pass that looks at the length and the first letter of each name only: requests without any of our fields need no
 * second.
 */
function fieldsWorthReading(head: RequestHead): number {
  let found = 0
  for (let i = 0; i < head.count; i++) {
    const initial = head.text.charCodeAt(head.nameStart(i)) | LOWER_BIT
    switch (head.nameLength(i)) {
      case 12:
        if (initial === G) found |= Found.Deadline
        break
      case 14:
      case 15:
      case 19:
      case 24:
      case 25:
        if (initial === K) found |= Found.Knative
        else if (initial === X) found |= Found.Forwarding
        break
      default:
    }
  }
  return found
}
