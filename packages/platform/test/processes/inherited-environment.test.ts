import t from 'tap'
import { inheritedEnvironment } from '../../src/local/processes/inherited-environment.ts'

t.test('a process gets what a shell has, and nothing that is meant for us or for another one', async (t) => {
  const kept = {
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
  t.strictSame(
    inheritedEnvironment({
      ...kept,
      ACTIVATOR_PLATFORM: 'local',
      QUEUE_LIFELINE: 'stdin',
      SERVING_POD: 'x',
      REVISION_TIMEOUT_SECONDS: '1',
      CONTAINER_CONCURRENCY: '1',
      METRICS_PROMETHEUS_PORT: '1',
      NODE_CHANNEL_FD: '3',
      NODE_CHANNEL_SERIALIZATION_MODE: 'json',
      PORT: '3000',
      K_SERVICE: 'x',
      UNSET: undefined,
    }),
    kept,
  )
})
