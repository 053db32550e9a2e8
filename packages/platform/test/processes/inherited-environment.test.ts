import t from 'tap'
import { inheritedBySidecars, inheritedEnvironment } from '../../src/local/processes/inherited-environment.ts'

const SHELL = {
  PATH: '/bin',
  HOME: '/home/me',
  LC_ALL: 'C.UTF-8',
  HTTPS_PROXY: 'http://proxy',
  DATABASE_URL: 'x',
  NODE_OPTIONS: '--enable-source-maps',
  NODE_ENV: '',
  QUEUE: 'mine',
  MY_QUEUE_PORT: '1',
  PORTS: '2',
}
/** Names that a sidecar would take for its own. */
const LIKE_SETTINGS = {
  QUEUE_URL: 'amqp://localhost',
  QUEUE_LIFELINE: 'stdin',
  SERVING_POD: 'x',
  REVISION_TIMEOUT_SECONDS: '1',
  CONTAINER_CONCURRENCY: '1',
  METRICS_PROMETHEUS_PORT: '1',
  ENABLE_HTTP2_AUTO_DETECTION: 'true',
}
const ENV = {
  ...SHELL,
  ...LIKE_SETTINGS,
  ACTIVATOR_PLATFORM: 'local',
  NODE_CHANNEL_FD: '3',
  NODE_CHANNEL_SERIALIZATION_MODE: 'json',
  PORT: '3000',
  K_SERVICE: 'x',
  UNSET: undefined,
}

t.test(
  'an app gets what a shell has, and nothing that is meant for us or for another instance',
  async (t) => {
    t.strictSame(inheritedEnvironment(ENV), { ...SHELL, ...LIKE_SETTINGS })
  },
)

t.test('a sidecar gets none of its settings that way', async (t) => {
  t.strictSame(inheritedBySidecars(ENV), SHELL)
})
