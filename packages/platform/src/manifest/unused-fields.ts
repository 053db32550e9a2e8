import type { UnusedField } from './known-fields.ts'

type Fields = Readonly<Record<string, UnusedField>>

const NO_CLUSTER = 'the services run as processes of this machine, not in a cluster'
const NO_IMAGE = 'no image is run here'
const NO_VOLUMES = 'the processes see the files of this machine'
const NO_SECURITY = 'the processes run as the user who starts them'
const NO_SCHEDULER = 'there is one machine only'
const NO_POD = 'there are no pods here'
/** Nobody needs to know. */
const SILENT = ''

/** Fields of `metadata` that a cluster fills in: whoever exports a Service has them. */
export const UNUSED_METADATA: Fields = {
  uid: text(SILENT),
  resourceVersion: text(SILENT),
  generation: { kind: 'number', why: SILENT },
  creationTimestamp: text(SILENT),
  selfLink: text(SILENT),
  managedFields: list(SILENT),
  ownerReferences: list(NO_CLUSTER),
  finalizers: list(NO_CLUSTER),
  generateName: text('it is named by its name'),
}

/** Fields of a Service beside those that are read. */
export const UNUSED_SERVICE: Fields = { status: map(SILENT) }

/** Fields of a pod, which Knative allows by itself or with its features. */
export const UNUSED_POD: Fields = {
  affinity: map(NO_SCHEDULER),
  automountServiceAccountToken: { kind: 'flag', why: NO_CLUSTER },
  dnsConfig: map('the processes use the DNS of this machine'),
  dnsPolicy: text('the processes use the DNS of this machine'),
  enableServiceLinks: { kind: 'flag', why: 'no variables of other services are set here', usual: false },
  hostAliases: list('the processes use the names of this machine'),
  hostIPC: { kind: 'flag', why: NO_POD },
  hostNetwork: { kind: 'flag', why: NO_POD },
  hostPID: { kind: 'flag', why: NO_POD },
  imagePullSecrets: list(NO_IMAGE),
  initContainers: list('it is not run here: do by hand what it does'),
  nodeSelector: map(NO_SCHEDULER),
  priorityClassName: text(NO_SCHEDULER),
  runtimeClassName: text(NO_POD),
  schedulerName: text(NO_SCHEDULER),
  securityContext: map(NO_SECURITY),
  serviceAccountName: text(NO_CLUSTER),
  shareProcessNamespace: { kind: 'flag', why: NO_POD },
  tolerations: list(NO_SCHEDULER),
  topologySpreadConstraints: list(NO_SCHEDULER),
  volumes: list(NO_VOLUMES),
}

/** Fields of a container. */
export const UNUSED_CONTAINER: Fields = {
  imagePullPolicy: text(NO_IMAGE),
  securityContext: map(NO_SECURITY),
  terminationMessagePath: text('the end of a process is told with its last lines of output'),
  terminationMessagePolicy: text('the end of a process is told with its last lines of output'),
  volumeMounts: list(NO_VOLUMES),
}

/** Fields of `resources`. */
export const UNUSED_RESOURCES: Fields = {
  requests: map('nothing is reserved on this machine; resources.limits are what counts'),
  claims: list(NO_CLUSTER),
}

/** Fields of an entry of `traffic`. */
export const UNUSED_TRAFFIC: Fields = { url: text(SILENT) }

/** Fields of a ConfigMap. */
export const UNUSED_CONFIG_MAP: Fields = {
  binaryData: map('only data is read'),
  immutable: { kind: 'flag', why: SILENT },
}

/** Keys of config-defaults. Everything in a ConfigMap is a text. */
export const UNUSED_DEFAULTS: Fields = {
  'revision-cpu-request': text('nothing is reserved on this machine'),
  'revision-memory-request': text('nothing is reserved on this machine'),
  'revision-ephemeral-storage-request': text('nothing is reserved on this machine'),
  'revision-ephemeral-storage-limit': text('files are not limited here'),
  'container-name-template': text('a container without a name is called user-container'),
  'init-container-name-template': text('init containers are not run here'),
  'enable-service-links': text('no variables of other services are set here'),
  'affinity-type': text(NO_SCHEDULER),
}

const SIDECAR = 'the queue-proxy is the one that comes with this command'

/** Keys of config-deployment. */
export const UNUSED_DEPLOYMENT: Fields = {
  'queue-sidecar-image': text(SIDECAR),
  'queue-sidecar-cpu-request': text(SIDECAR),
  'queue-sidecar-cpu-limit': text(SIDECAR),
  'queue-sidecar-memory-request': text(SIDECAR),
  'queue-sidecar-memory-limit': text(SIDECAR),
  'queue-sidecar-ephemeral-storage-request': text(SIDECAR),
  'queue-sidecar-ephemeral-storage-limit': text(SIDECAR),
  'queue-sidecar-token-audiences': text(NO_CLUSTER),
  'queue-sidecar-rootca': text('nothing is encrypted between the processes of this machine'),
  'registries-skipping-tag-resolving': text(NO_IMAGE),
  'digest-resolution-timeout': text(NO_IMAGE),
  'default-affinity-type': text(NO_SCHEDULER),
  'pod-is-always-schedulable': text(NO_SCHEDULER),
  'runtime-class-name': text(NO_POD),
}

/** Keys of config-autoscaler that the autoscaler reads and that nothing follows from. */
export const UNUSED_AUTOSCALER: Fields = {
  'target-burst-capacity': { ...text('the activator is always in the path here'), usual: '-1' },
  'activator-capacity': text('there is one activator'),
}

/** Annotations and labels by what they begin with. */
export const UNUSED_PREFIXES: Readonly<Record<string, string>> = {
  'networking.knative.dev/': 'there is no ingress here: every service is reached from this machine only',
  'queue.sidecar.serving.knative.dev/': SIDECAR,
  'serving.knative.dev/rollout': 'all requests move to a new revision once it is ready',
}

function text(why: string): UnusedField {
  return { kind: 'text', why }
}

function list(why: string): UnusedField {
  return { kind: 'list', why }
}

function map(why: string): UnusedField {
  return { kind: 'map', why }
}
