import type { HttpAttributes } from '@pilotlight/service'
import type { FamilyDescription, MetricScope } from '@pilotlight/telemetry'

/** Scope of what Knative's activator itself measures; kept, so that a query finds either. */
export const ACTIVATOR_SCOPE: MetricScope = { name: 'knative.dev/serving/pkg/activator', version: '' }
/** Scope of what only we measure. */
const OWN_SCOPE: MetricScope = { name: 'pilotlight/activator', version: '' }

/** Who a request belongs to. */
const REVISION = ['k8s.namespace.name', 'kn.service.name', 'kn.configuration.name', 'kn.revision.name']
const SHORT_REVISION = ['k8s.namespace.name', 'kn.revision.name']

/** What stands on the metrics of HTTP beside its own attributes. */
export const HTTP_ATTRIBUTES: HttpAttributes = { owner: REVISION, upstream: [] }

const described = (
  scope: MetricScope,
  name: string,
  prometheusName: string,
  unit: string,
  description: string,
  attributes: readonly string[],
): FamilyDescription => ({ scope, name, prometheusName, unit, description, attributes })

/** What the platform was told last. */
export const CONCURRENCY: FamilyDescription = described(
  ACTIVATOR_SCOPE,
  'kn.revision.request.concurrency',
  'kn_revision_request_concurrency',
  '{request}',
  'Concurrent requests that are routed to Activator',
  REVISION,
)
/** The line. */
export const QUEUED: FamilyDescription = described(
  ACTIVATOR_SCOPE,
  'kn.revision.request.queued',
  'kn_revision_request_queued',
  '{request}',
  'Number of requests currently queued in the activator waiting for capacity',
  SHORT_REVISION,
)
/** At instances. */
export const ACTIVE: FamilyDescription = described(
  ACTIVATOR_SCOPE,
  'kn.revision.request.active',
  'kn_revision_request_active',
  '{request}',
  'Number of requests currently being proxied by the activator',
  SHORT_REVISION,
)
/** Whether the platform's control plane can be reached. */
export const REACHABLE: FamilyDescription = described(
  ACTIVATOR_SCOPE,
  'kn.activator.stats.conn.reachable',
  'kn_activator_stats_conn_reachable',
  '{reachable}',
  'Whether the control plane can be reached: 1 if so',
  ['peer'],
)
/** Connections to it that were lost. */
export const CONNECTIONS_LOST: FamilyDescription = described(
  ACTIVATOR_SCOPE,
  'kn.activator.stats.conn.errors',
  'kn_activator_stats_conn_errors_total',
  '{error}',
  'Connections to the control plane that were lost',
  ['peer'],
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
/** What was sent again. */
export const RETRIES: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.retries',
  'pilotlight_retries_total',
  '{request}',
  'Requests that were sent again or went back to their line, by the failure before.',
  ['reason'],
)
/** How requests ended. */
export const REQUEST_OUTCOMES: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.outcomes',
  'pilotlight_outcomes_total',
  '{request}',
  'Requests that are over, by how they ended.',
  ['outcome', ...SHORT_REVISION],
)
/** Clients that did not wait. */
export const CLIENTS_GONE: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.clients_gone',
  'pilotlight_clients_gone_total',
  '{request}',
  'Requests whose client left before they were over.',
  [],
)
/** Instances that were asked for. */
export const WAKE_UPS: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.wake_ups',
  'pilotlight_wake_ups_total',
  '{request}',
  'Times the platform was asked for an instance.',
  SHORT_REVISION,
)
/** Bytes of held bodies. */
export const HELD_BYTES: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.held.bytes',
  'pilotlight_held_bytes',
  'By',
  'Body bytes that are buffered for requests.',
  SHORT_REVISION,
)
/** How long somebody waits. */
export const OLDEST_AGE: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.held.oldest_age',
  'pilotlight_held_oldest_age_seconds',
  's',
  'Age of the oldest request that waits; 0 when none does.',
  SHORT_REVISION,
)
/** Instances in use. */
export const INSTANCES: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.instances',
  'pilotlight_instances',
  '{instance}',
  'Instances that requests may be sent to.',
  SHORT_REVISION,
)
/** Taken slots. */
export const SLOTS_USED: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.slots.used',
  'pilotlight_slots_used',
  '{request}',
  'Requests that hold a slot at an instance.',
  SHORT_REVISION,
)
/** Free slots. */
export const SLOTS_FREE: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.slots.free',
  'pilotlight_slots_free',
  '{request}',
  'Slots of instances that requests may take now.',
  SHORT_REVISION,
)
/** How cold starts ended. */
export const COLD_STARTS: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.cold_starts',
  'pilotlight_cold_starts_total',
  '{cold_start}',
  'Cold starts, by how they ended.',
  ['outcome', ...SHORT_REVISION],
)
/** What a whole cold start took. */
export const COLD_START_DURATION: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.cold_start.duration',
  'pilotlight_cold_start_duration_seconds',
  's',
  'Time from the first request that waited to the first byte of its response.',
  SHORT_REVISION,
)
/** What its phases took. */
export const COLD_START_PHASE: FamilyDescription = described(
  OWN_SCOPE,
  'pilotlight.cold_start.phase.duration',
  'pilotlight_cold_start_phase_duration_seconds',
  's',
  'Time from the step before to the one that the phase is named by.',
  ['phase', ...SHORT_REVISION],
)
