import { isPortFree } from '../../process/free-port.ts'

/** Where Knative's queue-proxy serves; its ports are fixed, so only one can run on a machine. */
export const SERVING_PORT = 8012
const OTHER_PORTS = [8022, 9090, 9091]

/** Which of the ports it needs are taken; empty when it can start. */
export async function takenPorts(): Promise<number[]> {
  const taken: number[] = []
  for (const port of [SERVING_PORT, ...OTHER_PORTS]) if (!(await isPortFree(port))) taken.push(port)
  return taken
}

/**
 * The environment Knative's queue-proxy needs: a limit of 100 so that its breaker works as our slot check does, and
 * what an untouched Knative configures for observability (no traces, no request metrics).
 */
export function queueProxyEnv(originPort: number): NodeJS.ProcessEnv {
  return {
    CONTAINER_CONCURRENCY: '100',
    QUEUE_SERVING_PORT: String(SERVING_PORT),
    QUEUE_SERVING_TLS_PORT: '8112',
    USER_PORT: String(originPort),
    REVISION_TIMEOUT_SECONDS: '300',
    SERVING_READINESS_PROBE: '',
    SERVING_LOGGING_CONFIG: '',
    SERVING_LOGGING_LEVEL: '',
    SERVING_NAMESPACE: 'bench',
    SERVING_SERVICE: 'bench',
    SERVING_CONFIGURATION: 'bench',
    SERVING_REVISION: 'bench-00001',
    SERVING_POD: 'bench-00001-0',
    SERVING_POD_IP: '127.0.0.1',
    OBSERVABILITY_CONFIG: '{"tracing":{},"metrics":{},"runtime":{},"requestMetrics":{}}',
  }
}
