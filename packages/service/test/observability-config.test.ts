import { Environment } from '@pilotlight/telemetry'
import t from 'tap'
import { type ObservabilitySettings, readObservability } from '../src/observability-config.ts'

type Values = Record<string, string>

function readFrom(env: Environment): ObservabilitySettings {
  const resource = { 'service.name': 'svc', 'k8s.pod.name': 'pod', 'kn.service.name': '' }
  return readObservability(env, { resource, prometheusPort: 9191 })
}

function read(config: unknown, values: Values = {}): { settings: ObservabilitySettings; problems: string[] } {
  const text = typeof config === 'string' ? config : JSON.stringify(config)
  const env = new Environment({ OBSERVABILITY_CONFIG: text, ...values })
  return { settings: readFrom(env), problems: env.problems }
}
/** Reads what has to be right. */
function settingsOf(config: unknown, values: Values = {}): ObservabilitySettings {
  const { settings, problems } = read(config, values)
  t.strictSame(problems, [])
  return settings
}
const metricsOf = (section: unknown, values?: Values) =>
  settingsOf({ requestMetrics: section }, values).metrics
const tracingOf = (section: unknown, values?: Values) => settingsOf({ tracing: section }, values).tracing

t.test('without a configuration nothing is reported', async (t) => {
  const off = {
    metrics: null,
    tracing: null,
    isProfiling: false,
    requestLog: { isEnabled: false, template: null, includesProbes: false },
  }
  const env = new Environment({})
  t.match(readFrom(env), off)
  t.strictSame(env.problems, [])
  t.match(settingsOf(''), off)
  t.match(settingsOf('null'), off)
  t.match(
    settingsOf({ tracing: {}, metrics: {}, runtime: {}, requestMetrics: {} }),
    off,
    "Knative's smallest",
  )
  t.match(
    settingsOf({
      tracing: { protocol: 'none' },
      metrics: { protocol: 'none' },
      runtime: { profiling: 'disabled', exportInterval: 15000000000 },
      requestMetrics: { protocol: 'none' },
      EnableVarLogCollection: true,
      LoggingURLTemplate: 'x',
      unknown: [],
    }),
    off,
    'what an untouched controller sends',
  )
})

t.test('the request log and profiling', async (t) => {
  const { requestLog, isProfiling } = settingsOf({
    enableRequestLog: true,
    requestLogTemplate: '{{.Request.Method}}',
    enableProbeRequestLog: true,
    runtime: { profiling: 'enabled' },
  })
  t.strictSame(requestLog, { isEnabled: true, template: '{{.Request.Method}}', includesProbes: true })
  t.equal(isProfiling, true)
  t.equal(settingsOf({ runtime: { profiling: 'Enabled' } }).isProfiling, false, 'only the exact word')
})

t.test('names are found in any case, as Go finds them; the exact one first', async (t) => {
  t.equal(settingsOf({ ENABLEREQUESTLOG: true }).requestLog.isEnabled, true)
  t.equal(settingsOf({ ENABLEREQUESTLOG: true, enableRequestLog: false }).requestLog.isEnabled, false)
  t.equal(settingsOf({ enableRequestLog: null, tracing: null }).requestLog.isEnabled, false)
})

t.test('the Prometheus page listens on the port of the service, on all addresses', async (t) => {
  const listen = (section: object, values?: Values) => {
    const metrics = metricsOf({ protocol: 'prometheus', ...section }, values)
    return metrics?.protocol === 'prometheus' ? metrics.listen : null
  }
  t.strictSame(listen({}), { host: '::', port: 9191 })
  t.strictSame(listen({ endpoint: '127.0.0.1:9999' }), { host: '127.0.0.1', port: 9999 })
  t.strictSame(listen({ endpoint: ':9999' }), { host: '::', port: 9999 })
  t.strictSame(listen({ endpoint: '[::1]:9999' }), { host: '::1', port: 9999 })
  t.strictSame(
    listen({ endpoint: 'a:9999' }, { METRICS_PROMETHEUS_HOST: '127.0.0.2', METRICS_PROMETHEUS_PORT: '1024' }),
    { host: '127.0.0.2', port: 1024 },
  )
  t.strictSame(listen({}, { METRICS_PROMETHEUS_PORT: '0' }), { host: '::', port: 0 })
  t.match(
    listen(
      {},
      {
        METRICS_PROMETHEUS_TLS_CERT: '/c',
        METRICS_PROMETHEUS_TLS_KEY: '/k',
        METRICS_PROMETHEUS_TLS_MIN_VERSION: '1.2',
        METRICS_PROMETHEUS_TLS_CLIENT_AUTH: 'require',
        METRICS_PROMETHEUS_TLS_CLIENT_CA_FILE: '/ca',
      },
    ),
    {
      tls: {
        certFile: '/c',
        keyFile: '/k',
        minVersion: 'TLSv1.2',
        clientAuth: 'require',
        clientCaFile: '/ca',
      },
    },
  )
})

t.test('metrics are pushed every minute unless something else is said', async (t) => {
  const push = { protocol: 'http/protobuf', endpoint: '', intervalMs: 60_000, timeoutMs: 30_000 }
  t.strictSame(metricsOf({ protocol: 'http/protobuf' }), push)
  t.match(metricsOf({ protocol: 'grpc', exportInterval: 15_000_000_000 }), {
    protocol: 'grpc',
    intervalMs: 15_000,
  })
  t.match(
    metricsOf({ protocol: 'grpc', exportInterval: 15_000_000_000 }, { OTEL_METRIC_EXPORT_INTERVAL: '500' }),
    { intervalMs: 500 },
  )
})

t.test('where to: a variable of the signal, the common one, then the configuration', async (t) => {
  const endpoint = (protocol: string, configured: string, values?: Values) =>
    (metricsOf({ protocol, endpoint: configured }, values) as { endpoint: string }).endpoint
  t.equal(endpoint('http/protobuf', 'http://c:4318/v1/metrics'), 'http://c:4318/v1/metrics')
  t.equal(endpoint('http/protobuf', 'http://c/own/path?x=1'), 'http://c/own/path?x=1')
  t.equal(endpoint('http/protobuf', 'c:4318'), 'https://c:4318/v1/metrics')
  t.equal(endpoint('grpc', 'c:4317'), 'https://c:4317')
  t.equal(endpoint('grpc', 'http://c:4317'), 'http://c:4317')
  const common = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://e:1/base/' }
  t.equal(endpoint('http/protobuf', 'http://c', common), 'http://e:1/base/v1/metrics')
  t.equal(endpoint('grpc', 'http://c', common), 'http://e:1/base/')
  const own = { ...common, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://m:2/here' }
  t.equal(endpoint('http/protobuf', 'http://c', own), 'http://m:2/here')
  t.equal(endpoint('grpc', '', { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'm:4317' }), 'm:4317')
  const traces = tracingOf(
    { protocol: 'http/protobuf' },
    { ...common, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://m' },
  )
  t.equal(traces!.endpoint, 'http://e:1/base/v1/traces')
})

t.test('traces: the share that is recorded', async (t) => {
  const sampling = (section: object, values?: Values) =>
    tracingOf({ protocol: 'grpc', ...section }, values)!.sampling
  const always = { kind: 'always', ratio: 1, followsParent: false }
  const never = { kind: 'never', ratio: 0, followsParent: false }
  const share = (ratio: number) => ({ kind: 'ratio', ratio, followsParent: true })
  t.strictSame(sampling({}), never)
  t.strictSame(sampling({ samplingRate: -1 }), never)
  t.strictSame(sampling({ samplingRate: 1 }), always)
  t.strictSame(sampling({ samplingRate: 7 }), always)
  t.strictSame(sampling({ samplingRate: 0.25 }), share(0.25))
  t.strictSame(sampling({ protocol: 'stdout' }), always, 'what goes to stdout is for looking at')
  t.strictSame(sampling({ samplingRate: 0.25 }, { OTEL_TRACES_SAMPLER_ARG: '1' }), always)
  t.strictSame(
    sampling({ samplingRate: 1 }, { OTEL_TRACES_SAMPLER_ARG: '0.5' }),
    share(0.5),
    'Knative ignores it',
  )
  t.strictSame(sampling({ samplingRate: 1 }, { OTEL_TRACES_SAMPLER_ARG: '0' }), never)
  for (const [name, expected] of Object.entries({
    always_on: always,
    always_off: never,
    traceidratio: { kind: 'ratio', ratio: 0.5, followsParent: false },
    parentbased_always_on: { ...always, followsParent: true },
    parentbased_always_off: { ...never, followsParent: true },
    parentbased_traceidratio: share(0.5),
  }))
    t.strictSame(
      sampling(
        { samplingRate: 0.1, protocol: 'stdout' },
        { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: '.5' },
      ),
      expected,
      name,
    )
})

t.test('traces: how they are batched', async (t) => {
  t.match(tracingOf({ protocol: 'stdout' }), {
    delayMs: 5000,
    queueMax: 2048,
    batchMax: 512,
    timeoutMs: 30_000,
  })
  t.match(
    tracingOf(
      { protocol: 'stdout' },
      {
        OTEL_BSP_SCHEDULE_DELAY: '1',
        OTEL_BSP_MAX_QUEUE_SIZE: '100',
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '200',
        OTEL_BSP_EXPORT_TIMEOUT: '2',
      },
    ),
    { delayMs: 1, queueMax: 100, batchMax: 100, timeoutMs: 2 },
  )
})

t.test(
  'the resource is what the service says of itself, and what OTEL_RESOURCE_ATTRIBUTES adds',
  async (t) => {
    t.strictSame(
      settingsOf('').resource,
      { 'service.name': 'svc', 'k8s.pod.name': 'pod' },
      'nothing that is empty',
    )
    t.strictSame(settingsOf('', { OTEL_RESOURCE_ATTRIBUTES: 'team=a%2Cb, k8s.pod.name=x' }).resource, {
      team: 'a,b',
      'service.name': 'svc',
      'k8s.pod.name': 'pod',
    })
    for (const broken of ['a', '=b', 'ok=1,a', 'a=%zz']) {
      const { settings, problems } = read('', { OTEL_RESOURCE_ATTRIBUTES: broken })
      t.strictSame(settings.resource, { 'service.name': 'svc', 'k8s.pod.name': 'pod' }, broken)
      t.match(problems, [/^OTEL_RESOURCE_ATTRIBUTES has ".*": it must be key=value, percent-encoded$/])
    }
  },
)

t.test('every problem is named, with the value and what would be valid', async (t) => {
  const { problems } = read(
    {
      tracing: { protocol: 'zipkin', samplingRate: 'often' },
      requestMetrics: { protocol: 'grpc', exportInterval: '15s', endpoint: 'ftp://c' },
      enableRequestLog: 'yes',
      requestLogTemplate: 5,
      runtime: [],
    },
    { OTEL_METRIC_EXPORT_INTERVAL: '-1', OTEL_RESOURCE_ATTRIBUTES: 'a' },
  )
  const place = 'failed to parse OBSERVABILITY_CONFIG: '
  t.strictSame(problems.toSorted(), [
    'OTEL_METRIC_EXPORT_INTERVAL is "-1": it must be a whole number of ms from 1 to 86400000',
    'OTEL_RESOURCE_ATTRIBUTES has "a": it must be key=value, percent-encoded',
    `${place}.enableRequestLog is "yes": it must be true or false`,
    `${place}.requestLogTemplate is 5: it must be a text`,
    `${place}.requestMetrics.endpoint is "ftp://c": it must be a URL with http:// or https://`,
    `${place}.requestMetrics.exportInterval is "15s": it must be a number`,
    `${place}.runtime is []: it must be an object`,
    `${place}.tracing.protocol is "zipkin": it must be one of none, stdout, http/protobuf, grpc`,
    `${place}.tracing.samplingRate is "often": it must be a number`,
  ])
})

t.test('what can be wrong one by one', async (t) => {
  const prometheus = { requestMetrics: { protocol: 'prometheus' } }
  const tracing = { tracing: { protocol: 'grpc' } }
  const cases: [config: unknown, values: Values, problem: RegExp][] = [
    ['{', {}, /^failed to parse OBSERVABILITY_CONFIG: /],
    ['[]', {}, /^failed to parse OBSERVABILITY_CONFIG: it is \[\]: it must be an object$/],
    [
      { requestMetrics: { exportInterval: -1 } },
      {},
      /exportInterval is -1: it must be a whole number of nanoseconds/,
    ],
    [{ requestMetrics: { exportInterval: 5 } }, {}, /exportInterval is 5:/],
    [
      { requestMetrics: { protocol: 'prometheus', endpoint: ':80' } },
      {},
      /endpoint is ":80": .* 1024 to 65535/,
    ],
    [{ requestMetrics: { protocol: 'prometheus', endpoint: 'a b:x' } }, {}, /endpoint is "a b:x"/],
    [prometheus, { METRICS_PROMETHEUS_PORT: '80' }, /^METRICS_PROMETHEUS_PORT is "80": .* 1024 to 65535/],
    [prometheus, { METRICS_PROMETHEUS_PORT: 'x' }, /^METRICS_PROMETHEUS_PORT is "x"/],
    [prometheus, { METRICS_PROMETHEUS_TLS_CERT: '/c' }, /_CERT is set and .*_KEY is not/],
    [prometheus, { METRICS_PROMETHEUS_TLS_KEY: '/k' }, /_KEY is set and .*_CERT is not/],
    [
      prometheus,
      { METRICS_PROMETHEUS_TLS_CLIENT_AUTH: 'require' },
      /CLIENT_AUTH is require: .* must be set with it/,
    ],
    [prometheus, { METRICS_PROMETHEUS_TLS_CLIENT_AUTH: 'maybe' }, /CLIENT_AUTH is "maybe"/],
    [tracing, { OTEL_TRACES_SAMPLER: 'jaeger_remote' }, /^OTEL_TRACES_SAMPLER is "jaeger_remote"/],
    [
      tracing,
      { OTEL_TRACES_SAMPLER_ARG: '2' },
      /^OTEL_TRACES_SAMPLER_ARG is "2": it must be a number from 0 to 1$/,
    ],
    [tracing, { OTEL_TRACES_SAMPLER_ARG: 'all' }, /^OTEL_TRACES_SAMPLER_ARG is "all"/],
    [tracing, { OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://x' }, /^OTEL_EXPORTER_OTLP_ENDPOINT is "ftp:\/\/x"/],
    [tracing, { OTEL_BSP_MAX_QUEUE_SIZE: '0' }, /^OTEL_BSP_MAX_QUEUE_SIZE is "0"/],
  ]
  for (const [config, values, problem] of cases) {
    const { problems } = read(config, values)
    t.equal(problems.length, 1, `${JSON.stringify(config)} ${JSON.stringify(values)}`)
    t.match(problems[0], problem)
  }
})

t.test('what is not used is not looked at', async (t) => {
  const values = { OTEL_TRACES_SAMPLER: 'x', OTEL_EXPORTER_OTLP_ENDPOINT: 'x', METRICS_PROMETHEUS_PORT: 'x' }
  t.strictSame(read('', values).problems, [])
})
