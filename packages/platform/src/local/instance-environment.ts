import type { ProbeAction } from '@pilotlight/probe'
import type { ContainerProbe, ContainerSpec, RevisionTemplate } from '../manifest/manifest-set.ts'
import { expandReferences } from '../manifest/expand-references.ts'

/** Who an instance is, in the words of Knative. */
export interface InstanceIdentity {
  readonly namespace: string
  readonly service: string
  readonly revision: string
  /** Its name, which in Knative is that of the pod. */
  readonly instance: string
}

type Variables = Readonly<Record<string, string>>

const LOOPBACK = '127.0.0.1'
/** No new request comes once an instance ends, since the activator knows of it first; this is for what is on its way. */
const DRAIN_SECONDS = 1

/**
 * The environment of a container: what it would have anyway, what Knative sets, and what its manifest says, where `$(PORT)` and the like
 * stand for what only the instance knows. `PORT` is for the serving container alone.
 */
export function containerEnvironment(
  container: ContainerSpec,
  identity: InstanceIdentity,
  inherited: Variables,
  port: number | null,
): Record<string, string> {
  const own = knativeVariables(identity, port)
  const result: Record<string, string> = { ...inherited, ...own }
  for (const [name, value] of container.env) result[name] = expandOwn(value, own)
  return result
}

/** The command line of a container, where `$(PORT)` and the like are replaced as in its environment. */
export function containerCommand(
  container: ContainerSpec,
  identity: InstanceIdentity,
  port: number | null,
): readonly string[] {
  const own = knativeVariables(identity, port)
  return container.command.map((word) => expandOwn(word, own))
}

function knativeVariables(identity: InstanceIdentity, port: number | null): Record<string, string> {
  return {
    ...(port === null ? {} : { PORT: String(port) }),
    K_SERVICE: identity.service,
    K_CONFIGURATION: identity.service,
    K_REVISION: identity.revision,
  }
}

function expandOwn(text: string, own: Variables): string {
  return text.includes('$(') ? expandReferences(text, (name) => own[name]) : text
}

/** The environment of the sidecar: what Knative's controller writes into a pod, and our own for one machine. */
export function sidecarEnvironment(
  template: RevisionTemplate,
  identity: InstanceIdentity,
  inherited: Variables,
  port: number,
): Record<string, string> {
  const { timeouts } = template
  return {
    ...inherited,
    CONTAINER_CONCURRENCY: String(template.containerConcurrency),
    QUEUE_HOST: LOOPBACK,
    QUEUE_SERVING_PORT: '0',
    QUEUE_SERVING_TLS_PORT: '0',
    QUEUE_ADMIN_PORT: '0',
    QUEUE_METRICS_PORT: '0',
    USER_PORT: String(port),
    REVISION_TIMEOUT_SECONDS: String(timeouts.totalMs / 1000),
    REVISION_RESPONSE_START_TIMEOUT_SECONDS: String(timeouts.responseStartMs / 1000),
    REVISION_IDLE_TIMEOUT_SECONDS: String(timeouts.idleMs / 1000),
    QUEUE_TIMEOUT_SECONDS: String(timeouts.queueMs / 1000),
    QUEUE_TUNNEL_MAX_SECONDS: String(timeouts.tunnelMs / 1000),
    QUEUE_APP_PROTOCOL: template.protocol === 'h2c' ? 'h2c' : 'auto',
    QUEUE_DRAIN_SECONDS: String(DRAIN_SECONDS),
    QUEUE_PORTS_FD: '3',
    QUEUE_LIFELINE: 'stdin',
    SERVING_READINESS_PROBE: JSON.stringify(readinessOf(template.containers[0].readiness, port)),
    SERVING_LOGGING_CONFIG: '',
    SERVING_LOGGING_LEVEL: 'warn',
    SERVING_NAMESPACE: identity.namespace,
    SERVING_SERVICE: identity.service,
    SERVING_CONFIGURATION: identity.service,
    SERVING_REVISION: identity.revision,
    SERVING_POD: identity.instance,
    SERVING_POD_IP: LOOPBACK,
  }
}

/**
 * The readiness probe of the sidecar, as Kubernetes writes it. Without one, and with one that only the platform can run, the app is ready
 * when it accepts connections (Knative's default).
 */
function readinessOf(probe: ContainerProbe | null, port: number): object {
  if (probe === null || probe.action.kind === 'exec-command') return { tcpSocket: { host: LOOPBACK, port } }
  return {
    ...handlerOf(probe.action, port),
    periodSeconds: probe.periodMs / 1000,
    timeoutSeconds: probe.timeoutMs / 1000,
    successThreshold: probe.successThreshold,
    failureThreshold: probe.failureThreshold,
  }
}

function handlerOf(action: ProbeAction, appPort: number): object {
  switch (action.kind) {
    case 'httpGet': {
      const { scheme, host, port, path, headers } = action
      const httpHeaders = headers.map(({ name, value }) => ({ name, value }))
      return {
        httpGet: {
          scheme,
          host: host === '' ? LOOPBACK : host,
          port: portOf(port, appPort),
          path,
          httpHeaders,
        },
      }
    }
    case 'tcpSocket':
      return {
        tcpSocket: {
          host: action.host === '' ? LOOPBACK : action.host,
          port: portOf(action.port, appPort),
        },
      }
    case 'grpc':
      return { grpc: { port: action.port === 0 ? appPort : action.port, service: action.service } }
    case 'exec':
    case 'none':
      return { tcpSocket: { host: LOOPBACK, port: appPort } }
    default:
      return action satisfies never
  }
}

/** 0 stands for the app's own. */
function portOf(port: string, appPort: number): number {
  const number = Number(port)
  return number > 0 ? number : appPort
}
