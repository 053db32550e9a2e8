import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readSettings } from '../src/settings.ts'
import { ENVIRONMENT } from './support/scene.ts'

const read = (more: Readonly<Record<string, string>> = {}) => readSettings({ ...ENVIRONMENT, ...more })

t.test('what Knative sends becomes settings', async (t) => {
  const { settings, problems } = read({
    CONTAINER_CONCURRENCY: '10',
    QUEUE_SERVING_PORT: '8012',
    USER_PORT: '8080',
    REVISION_TIMEOUT_SECONDS: '300',
    REVISION_RESPONSE_START_TIMEOUT_SECONDS: '60',
    REVISION_IDLE_TIMEOUT_SECONDS: '0x10',
    SERVING_READINESS_PROBE: '{"tcpSocket":{"port":8080,"host":"127.0.0.1"},"successThreshold":1}',
    SERVING_SERVICE: 'hello',
  })
  t.strictSame(problems, [])
  t.match(settings, {
    containerConcurrency: 10,
    queueDepth: 100,
    overflow: 'refuse-newest',
    servingPort: 8012,
    userPort: 8080,
    clocks: {
      totalMs: 300_000,
      responseStartMs: 60_000,
      responseStartIncludesQueue: true,
      idleMs: 16_000,
      queueMs: 0,
    },
    tls: null,
    trusted: null,
    appProtocol: 'auto',
    identity: { service: 'hello', revision: 'hello-00001' },
  })
  t.equal(settings.probes.length, 1)
})

t.test('without our variables everything is as Knative has it', async (t) => {
  const knative = Object.fromEntries(
    Object.entries(ENVIRONMENT).filter(([name]) => !/^QUEUE_(?!SERVING)|PROMETHEUS|PROFILING/.test(name)),
  )
  const { settings, problems } = readSettings(knative)
  t.strictSame(problems, [])
  t.match(settings, {
    adminPort: 8022,
    autoscalingPort: 9090,
    profilingPort: 8008,
    drainQuietMs: 30_000,
    drainTunnelMs: 60_000,
    connectionsMax: 20_000,
    holdBytes: 65_536,
    host: '::',
    starter: { portsFd: null, hasLifeline: false },
  })
})

t.test('no limit, no clock', async (t) => {
  const { settings } = read({
    CONTAINER_CONCURRENCY: '-1',
    REVISION_TIMEOUT_SECONDS: '0',
    REVISION_IDLE_TIMEOUT_SECONDS: '-5',
  })
  t.equal(settings.containerConcurrency, 0)
  t.match(settings.clocks, { totalMs: 0, idleMs: 0, responseStartMs: 0 })
})

t.test('a clock for the queue is apart from the one for the response', async (t) => {
  t.match(read({ QUEUE_TIMEOUT_SECONDS: '5' }).settings.clocks, {
    queueMs: 5000,
    responseStartIncludesQueue: false,
  })
})

t.test('every problem is named, those of Knative first and in its words', async (t) => {
  const { problems } = read({
    CONTAINER_CONCURRENCY: 'many',
    USER_PORT: '70000',
    REVISION_TIMEOUT_SECONDS: '9999999999',
    SERVING_READINESS_PROBE: '{',
    QUEUE_DEPTH: '-1',
    QUEUE_OVERFLOW: 'drop',
    QUEUE_APP_PROTOCOL: 'http3',
    QUEUE_TRUSTED_PEERS: 'everybody',
    QUEUE_DRAIN_SECONDS: '1.5',
    QUEUE_HOST: 'everywhere',
    QUEUE_PORTS_FD: '2',
    QUEUE_LIFELINE: 'stdout',
    SERVING_POD: 'p'.repeat(254),
    OBSERVABILITY_CONFIG: '{x',
  })
  t.equal(
    problems[0],
    `envconfig.Process: assigning CONTAINER_CONCURRENCY to ContainerConcurrency: converting 'many' to type int. details: strconv.ParseInt: parsing "many": invalid syntax`,
  )
  for (const words of [
    'USER_PORT is "70000"',
    'REVISION_TIMEOUT_SECONDS is "9999999999": it must be at most 2592000 s',
    'Queue container failed to parse readiness probe: SERVING_READINESS_PROBE',
    'QUEUE_DEPTH is "-1"',
    'QUEUE_OVERFLOW is "drop": it must be one of refuse-newest, refuse-oldest',
    'QUEUE_APP_PROTOCOL is "http3"',
    'QUEUE_TRUSTED_PEERS has "everybody"',
    'QUEUE_DRAIN_SECONDS is "1.5"',
    'QUEUE_HOST is "everywhere": it must be an IP address of this machine',
    'QUEUE_PORTS_FD is "2": it must be a file descriptor from 3 to 1023',
    'QUEUE_LIFELINE is "stdout": it must be one of stdin',
    'SERVING_POD has 254 bytes',
    'failed to parse OBSERVABILITY_CONFIG',
  ])
    t.ok(
      problems.some((problem) => problem.startsWith(words)),
      words,
    )
  t.strictSame(readSettings({ ...ENVIRONMENT, USER_PORT: undefined }).problems, [
    'required key USER_PORT missing value',
  ])
  t.match(read({ USER_PORT: '0' }).problems, [/^USER_PORT is "0": it must be the app's port, 1 to 65535/])
})

t.test('who starts it may say where it listens, and how they are tied', async (t) => {
  const { settings, problems } = read({
    QUEUE_HOST: '127.0.0.1',
    QUEUE_PORTS_FD: '3',
    QUEUE_LIFELINE: 'stdin',
  })
  t.strictSame(problems, [])
  t.match(settings, { host: '127.0.0.1', starter: { portsFd: 3, hasLifeline: true } })
  t.match(read({ QUEUE_HOST: '', QUEUE_PORTS_FD: '', QUEUE_LIFELINE: '' }), {
    problems: { length: 0 },
    settings: { host: '::', starter: { portsFd: null, hasLifeline: false } },
  })
})

t.test('TLS is on when both files are there', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'pilotlight-tls-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const files = {
    QUEUE_TLS_CERT_FILE: join(directory, 'tls.crt'),
    QUEUE_TLS_KEY_FILE: join(directory, 'tls.key'),
  }
  const rules = {
    QUEUE_SERVING_TLS_PORT: '8112',
    QUEUE_PROXY_TLS_MIN_VERSION: '1.2',
    QUEUE_PROXY_TLS_CIPHER_SUITES: ' TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,, TLS_AES_128_GCM_SHA256 ',
    QUEUE_PROXY_TLS_CURVE_PREFERENCES: 'X25519MLKEM768, CurveP256,P-384',
  }
  writeFileSync(files.QUEUE_TLS_CERT_FILE, '')
  t.equal(read({ ...files, ...rules }).settings.tls, null)
  writeFileSync(files.QUEUE_TLS_KEY_FILE, '')
  const { settings, problems } = read({ ...files, ...rules })
  t.strictSame(problems, [])
  t.match(settings.tls, {
    port: 8112,
    settings: {
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: 'ECDHE-RSA-AES128-GCM-SHA256',
      groups: 'X25519MLKEM768:P-256:P-384',
    },
  })
  const wrong = {
    QUEUE_PROXY_TLS_MIN_VERSION: ' 1.3',
    QUEUE_PROXY_TLS_CIPHER_SUITES: 'constructor',
    QUEUE_PROXY_TLS_CURVE_PREFERENCES: 'toString',
  }
  t.equal(read({ ...files, ...wrong }).problems.length, 3)
  t.strictSame(read(wrong).problems, [], 'without TLS nobody reads them')
})

t.test('metrics and traces name the version of the package', async (t) => {
  const path = join(import.meta.dirname, '..', 'package.json')
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string }
  t.equal(read().settings.observability.resource['service.version'], version)
})
