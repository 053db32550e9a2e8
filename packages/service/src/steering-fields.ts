import type { RequestHead } from '@pilotlight/http1'

/** What a peer that is not trusted may not tell us, nor others through us: fields that steer Pilotlight or Knative. */
const STEERING_FIELDS = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'k-network-probe',
  'k-network-hash',
  'k-kubelet-probe',
  'k-proxy-request',
  'k-original-host',
  'k-passthrough-lb',
  'knative-direct-lb',
  'knative-serving-namespace',
  'knative-serving-revision',
  'knative-serving-tag',
  'knative-serving-default-route',
  'pilotlight-refuse',
]

/** Takes every field that steers us out of what goes on. Whoever reads fields of `head` afterwards must not believe them either. */
export function removeSteeringFields(head: RequestHead): void {
  for (const name of STEERING_FIELDS) head.remove(name)
}
