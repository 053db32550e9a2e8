import t from 'tap'
import { readSettings } from '../src/settings.ts'

const read = (env: Readonly<Record<string, string | undefined>>) =>
  readSettings({ ACTIVATOR_CONFIG: '/a.yaml', ...env })
const problemsOf = (env: Readonly<Record<string, string | undefined>>): readonly string[] =>
  read(env).problems

t.test('the defaults are those of Knative where it has one', async (t) => {
  const { settings, problems } = read({})
  t.strictSame(problems, [])
  t.match(settings, {
    platform: 'static',
    ports: { http: 8012, h2c: 8013, tls: null, profiling: 8008 },
    probes: { timeoutMs: 300, frequencyMs: 200, waitSeconds: 10 },
    idleConnectionsMax: 1000,
    idleConnectionsPerHostMax: 100,
    drainMs: 45_000,
    policy: 'knative',
    meshMode: 'auto',
    trusted: null,
    upstreamTls: null,
    callerSource: { kind: 'address' },
    hold: { heldMax: 25_000, revisionHeldMax: 10_000, namespace: { runningMax: Infinity, weight: 1 } },
  })
})

t.test('every problem is named at once', async (t) => {
  t.equal(readSettings({}).problems.length, 1)
  const problems = problemsOf({
    ACTIVATOR_CONFIG: '',
    PROBE_TIMEOUT: 'soon',
    ACTIVATOR_POLICY: 'random',
    ACTIVATOR_CALLER: 'header:',
  })
  t.equal(problems.length, 4)
  t.match(problems[0], /^ACTIVATOR_CONFIG is not set/)
})

t.test('a value that is not valid is named with what would be', async (t) => {
  for (const [env, problem] of [
    [{ ACTIVATOR_HTTP_PORT: 'x' }, /^ACTIVATOR_HTTP_PORT is "x": it must be a port/],
    [
      { PROBE_TIMEOUT: '-1s' },
      /^PROBE_TIMEOUT is "-1s": it must be a duration such as 300ms, from 1ms to 24h$/,
    ],
    [{ PROBE_FREQUENCY: '0s' }, /^PROBE_FREQUENCY is "0s"/],
    [{ ACTIVATOR_MESH: 'maybe' }, /must be one of auto, enabled, disabled, passthrough$/],
    [{ ACTIVATOR_PLATFORM: 'moon' }, /^ACTIVATOR_PLATFORM is "moon": it must be one of static, local$/],
    [{ ACTIVATOR_BURST: '0' }, /^ACTIVATOR_BURST is "0": it must be a whole number of requests from 1/],
    [{ ACTIVATOR_CALLER: 'cookie' }, /^ACTIVATOR_CALLER is "cookie": it must be none, address, or header:/],
    [
      { ACTIVATOR_CALLER_WEIGHTS: 'gold=0' },
      /has "gold=0": it must be caller=weight, with a weight from 1 to 1000$/,
    ],
    [{ ACTIVATOR_TLS_CERT_FILE: '/c' }, /must be set together/],
    [
      { ACTIVATOR_UPSTREAM_CA_FILE: '/c', ACTIVATOR_UPSTREAM_TLS_PORT: '0' },
      /^ACTIVATOR_UPSTREAM_TLS_PORT is "0"/,
    ],
    [{ ACTIVATOR_TRUSTED_PEERS: 'nowhere' }, /^ACTIVATOR_TRUSTED_PEERS has "nowhere"/],
    [{ ACTIVATOR_PRIORITY: 'maybe' }, /ACTIVATOR_PRIORITY/],
    [{ ACTIVATOR_WINDOW_BYTES: '1' }, /from 65535 to/],
  ] as const) {
    const problems = problemsOf(env)
    t.equal(problems.length, 1, JSON.stringify(env))
    t.match(problems[0], problem)
  }
})

t.test('durations, callers, weights and bounds are read', async (t) => {
  const { settings, problems } = read({
    PROBE_TIMEOUT: '1m30s',
    ACTIVATOR_CALLER: 'header:X-Tenant',
    ACTIVATOR_CALLER_WEIGHTS: 'gold=4, a=b=2',
    ACTIVATOR_NAMESPACE_RUNNING_MAX: '7',
    ACTIVATOR_NAMESPACE_HELD_MAX: '0',
    ACTIVATOR_TLS_CERT_FILE: '/c',
    ACTIVATOR_TLS_KEY_FILE: '/k',
    ACTIVATOR_TLS_PORT: '0',
  })
  t.strictSame(problems, [])
  t.equal(settings.probes.timeoutMs, 90_000)
  t.strictSame(settings.callerSource, { kind: 'field', name: 'x-tenant' })
  t.strictSame(
    [...settings.callerWeights],
    [
      ['gold', 4],
      ['a=b', 2],
    ],
  )
  t.strictSame([settings.hold.namespace.runningMax, settings.hold.namespace.heldMax], [7, Infinity])
  t.match(settings.ports.tls, { port: 0, settings: { certFile: '/c', keyFile: '/k', minVersion: 'TLSv1.3' } })
})
