import type { HttpAttributes } from '@pilotlight/service'
import type { FamilyDescription, MetricScope } from '@pilotlight/telemetry'

/** Scope of what Knative itself measures; kept, so that a query finds either sidecar. */
export const QUEUE_SCOPE: MetricScope = { name: 'knative.dev/serving/pkg/queue', version: '' }
/** Scope of what only we measure. */
export const OWN_SCOPE: MetricScope = { name: 'pilotlight/queue-proxy', version: '' }

const described = (
  scope: MetricScope,
  name: string,
  prometheusName: string,
  unit: string,
  description: string,
  attributes: readonly string[] = [],
): FamilyDescription => ({ scope, name, prometheusName, unit, description, attributes })

/** What stands on the metrics of HTTP beside its own attributes. */
export const HTTP_ATTRIBUTES: HttpAttributes = {
  owner: ['kn.route.tag'],
  upstream: ['server.address', 'server.port'],
}

/** Time at the app, as Knative measures it: from the dispatch to the end of the response. */
export const INVOCATION_DURATION: FamilyDescription = described(
  QUEUE_SCOPE,
  'kn.serving.invocation.duration',
  'kn_serving_invocation_duration_seconds',
  's',
  'The duration of task execution',
  ['http.response.status_code'],
)
/** Requests that hold a slot or wait for one. */
export const QUEUE_DEPTH: FamilyDescription = described(
  QUEUE_SCOPE,
  'kn.serving.queue.depth',
  'kn_serving_queue_depth',
  '{request}',
  'Number of current requests in the queue',
)
/** What was turned away. */
export const REFUSALS: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.refusals',
  'pilotlight_refusals_total',
  '{request}',
  'Requests and connections that were turned away, by reason.',
  ['reason'],
)
/** How requests ended. */
export const REQUEST_OUTCOMES: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.outcomes',
  'pilotlight_outcomes_total',
  '{request}',
  'Requests that are over, by how they ended.',
  ['outcome'],
)
/** Clients that did not wait. */
export const CLIENTS_GONE: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.clients_gone',
  'pilotlight_clients_gone_total',
  '{request}',
  'Requests whose client left before they were over.',
)
/** Taken slots. */
export const SLOTS_USED: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.slots.used',
  'pilotlight_slots_used',
  '{request}',
  'Requests that hold a slot of the concurrency limit.',
)
/** Free slots. */
export const SLOTS_FREE: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.slots.free',
  'pilotlight_slots_free',
  '{request}',
  'Slots of the concurrency limit that nobody holds.',
)
/** The line. */
export const WAITING: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.requests.waiting',
  'pilotlight_requests_waiting',
  '{request}',
  'Requests that wait for a slot.',
)
/** Everything under way. */
export const IN_FLIGHT: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.requests.in_flight',
  'pilotlight_requests_in_flight',
  '{request}',
  'Requests under way, waiting or at the app.',
)
/** What the app speaks. */
export const APP_PROTOCOL: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.app.protocol',
  'pilotlight_app_protocol',
  '1',
  'How the app is spoken to: 1 for the protocol in use, 0 for the others.',
  ['protocol'],
)
/** Where the drain stands. */
export const DRAIN_STATE: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.drain.state',
  'pilotlight_drain_state',
  '1',
  'Where the drain stands: 1 for the state it is in, 0 for the others.',
  ['state'],
)
