import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import { accepts, type Environment, requiredEnvironment } from '../support/subject.ts'

const REQUIRED = Object.keys(requiredEnvironment(0))

/** How a start ended, and the lines of its log that match. */
const failing = (environment: Environment, pattern: RegExp) => async (scene: Scene) => {
  const { code, log } = await scene.fails(environment)
  return { code, said: pattern.exec(log)?.[0] ?? log }
}

/** Starts it, and whether it serves. */
const starting = (environment: Environment) => async (scene: Scene) => {
  const subject = await scene.another(environment)
  const { status } = await scene.asks('/', {}, subject.ports.main)
  return status
}

const NOTHING = Object.fromEntries(REQUIRED.map((name) => [name, undefined]))
const EVERY_MISSING = REQUIRED.map((name) => `required key ${name} missing value`)

const converting = (name: string, field: string, value: string, type: string, details: string): string =>
  `envconfig.Process: assigning ${name} to ${field}: converting '${value}' to type ${type}. details: ${details}`

const rejected = (name: string, field: string, value: string, type: string, details: string) =>
  same(`${name}=${JSON.stringify(value)} is no ${type}`, failing({ [name]: value }, /envconfig[^\n]*/), {
    code: 1,
    said: converting(name, field, value, type, details),
  })

const integer = (name: string, field: string, value: string) =>
  rejected(name, field, value, 'int', `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`)

const PORT_SCENARIO = same(
  'a port that is taken ends the process with 1',
  async (scene) => {
    const taken = createServer().listen(0)
    await once(taken, 'listening')
    scene.afterwards(() => taken.close())
    const { port } = taken.address() as AddressInfo
    const { code, log } = await scene.fails({ QUEUE_SERVING_PORT: String(port) })
    return {
      code,
      said: log.includes('Failed to bring up queue-proxy, shutting down.'),
      cause: /in use/.exec(log)?.[0] ?? log,
    }
  },
  { code: 1, said: true, cause: 'in use' },
)

export const environment: Group[] = [
  {
    name: 'environment: what is missing',
    environment: null,
    scenarios: [
      differs(
        'without any variable',
        'every-problem-at-once',
        async (scene) => {
          const { code, log } = await scene.fails(NOTHING)
          return { code, said: log.split('\n') }
        },
        { code: 1, said: EVERY_MISSING.slice(0, 1) },
        { code: 1, said: EVERY_MISSING },
      ),
      same(
        'without one of the required ones',
        async (scene) => {
          const said = await Promise.all(REQUIRED.map((name) => scene.fails({ [name]: undefined })))
          return said.map(({ code, log }) => `${code} ${log}`)
        },
        EVERY_MISSING.map((text) => `1 ${text}`),
      ),
    ],
  },
  {
    name: 'environment: values',
    environment: null,
    scenarios: [
      integer('CONTAINER_CONCURRENCY', 'ContainerConcurrency', ''),
      integer('CONTAINER_CONCURRENCY', 'ContainerConcurrency', 'many'),
      integer('REVISION_TIMEOUT_SECONDS', 'RevisionTimeoutSeconds', '1.5'),
      integer('REVISION_IDLE_TIMEOUT_SECONDS', 'RevisionIdleTimeoutSeconds', ''),
      rejected(
        'ENABLE_HTTP_FULL_DUPLEX',
        'EnableHTTPFullDuplex',
        'yes',
        'bool',
        'strconv.ParseBool: parsing "yes": invalid syntax',
      ),
      rejected(
        'ENABLE_MULTI_CONTAINER_PROBES',
        'EnableMultiContainerProbes',
        '',
        'bool',
        'strconv.ParseBool: parsing "": invalid syntax',
      ),
    ],
  },
  {
    name: 'environment: settings and ports',
    environment: null,
    scenarios: [
      same(
        'a broken OBSERVABILITY_CONFIG',
        failing({ OBSERVABILITY_CONFIG: '{' }, /failed to parse OBSERVABILITY_CONFIG/),
        {
          code: 1,
          said: 'failed to parse OBSERVABILITY_CONFIG',
        },
      ),
      same(
        'an unknown protocol of metrics',
        async (scene) =>
          (await scene.fails({ OBSERVABILITY_CONFIG: '{"requestMetrics":{"protocol":"smoke"}}' })).code,
        1,
      ),
      same(
        'a readiness probe that is none',
        failing({ SERVING_READINESS_PROBE: '"/ready"' }, /Queue container failed to parse readiness probe/),
        { code: 1, said: 'Queue container failed to parse readiness probe' },
      ),
      same(
        'integers as Go writes them, flags as Go writes them, and an unknown log level',
        starting({
          CONTAINER_CONCURRENCY: '0x10',
          REVISION_TIMEOUT_SECONDS: '1_000',
          REVISION_IDLE_TIMEOUT_SECONDS: '010',
          ENABLE_HTTP_FULL_DUPLEX: 'T',
          SERVING_LOGGING_LEVEL: 'chatty',
        }),
        200,
      ),
      same(
        'empty texts',
        starting({ SERVING_CONFIGURATION: '', SERVING_POD_IP: '', SERVING_READINESS_PROBE: '' }),
        200,
      ),
      PORT_SCENARIO,
    ],
  },
  {
    name: 'environment: the start',
    environment: {},
    scenarios: [
      same(
        'the log names the revision and the pod',
        async ({ subject }) => {
          const line = await subject.logged('Starting queue-proxy')
          const { severity, logger, message } = line
          const dated = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d)$/.test(
            String(line['timestamp']),
          )
          return {
            severity,
            logger,
            message,
            dated,
            key: line['knative.dev/key'],
            pod: line['knative.dev/pod'],
          }
        },
        {
          severity: 'INFO',
          logger: 'queueproxy',
          message: 'Starting queue-proxy',
          dated: true,
          key: 'default/hello-00001',
          pod: 'hello-00001-pod',
        },
      ),
      same('it serves without the optional variables', async (scene) => (await scene.asks('/')).body, 'ok'),
      same(
        'without Prometheus nothing listens for it',
        async ({ subject, kind }) =>
          kind === 'knative' ? await accepts(9091) : (subject.ports.metrics ?? 0) > 0,
        false,
      ),
    ],
  },
]
