// What the two services log, each in a process of its own.
import t from 'tap'
import { App } from './support/app.ts'
import { addressOf, type ServiceProcess, startQueueProxy } from './support/service-process.ts'
import { Stage } from './support/stage.ts'

const REQUEST_LOG = {
  OBSERVABILITY_CONFIG: JSON.stringify({ enableRequestLog: true, requestLogTemplate: 'json' }),
}
const TRACE = '0af7651916cd43dd8448eb211c80319c'

/** The line of the request with this path. */
async function requestLine(service: ServiceProcess, path: string): Promise<Record<string, unknown>> {
  const line = await service.lines.find(path, (one) => one.includes(`"path":"${path}"`))
  return JSON.parse(line) as Record<string, unknown>
}

t.test('both services log a request as one JSON object when the template is json', async (t) => {
  const app = await App.start(t)
  const [stage, queueProxy] = await Promise.all([
    Stage.start(t, { env: REQUEST_LOG }),
    startQueueProxy(t, app.port, { ...REQUEST_LOG, SERVING_SERVICE: 'hello' }),
  ])
  await stage.instances(addressOf(queueProxy))
  const headers = {
    'User-Agent': 'quote " and caf\u00c3\u00a9 and \u00ff',
    Traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
  }
  const { status, body } = await stage.send({
    path: '/hello?token=secret',
    body: Buffer.from('five!'),
    headers,
  }).answer
  t.equal(status, 200)

  const seen = {
    traceId: TRACE,
    method: 'POST',
    path: '/hello',
    userAgent: 'quote " and café and \ufffd',
    referer: '',
    status: 200,
    requestBytes: 5,
    responseBytes: body.length,
    outcome: 'ok',
    namespace: 'default',
    revision: 'hello-00001',
  }
  const inFront = await requestLine(stage.activator, '/hello')
  t.match(inFront, {
    ...seen,
    host: 'hello.example.com',
    service: '',
    pod: '',
    remoteAddr: /^127\.0\.0\.1:\d+$/,
  })
  const beside = await requestLine(queueProxy, '/hello')
  const identity = { service: 'hello', configuration: 'hello', pod: 'hello-00001-pod' }
  t.match(beside, { ...seen, ...identity, host: addressOf(queueProxy) })
  t.strictSame(Object.keys(inFront), Object.keys(beside), 'in one shape')
  t.equal(inFront['requestId'], beside['requestId'], 'under one id')
  // Not compared: whoever has to wait for a processor notices the end of its request late.
  for (const { latencyMs } of [inFront, beside]) t.ok((latencyMs as number) > 0)
  for (const { lines } of [stage.activator, queueProxy])
    t.notOk(
      lines.all.some((line) => line.includes('secret')),
      'without the query',
    )
})

t.test('SIGUSR2 switches the log level of both services and back', async (t) => {
  if (process.platform === 'win32') return t.comment('skipped: Windows has no SIGUSR2')
  const app = await App.start(t)
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, app.port)])
  await stage.instances(addressOf(queueProxy))
  // Once it has gone through both, both are past their start.
  t.equal((await stage.send().answer).status, 200)
  for (const service of [stage.activator, queueProxy]) {
    service.signal('SIGUSR2')
    await service.logged('SIGUSR2: the log level is debug from here on')
    service.signal('SIGUSR2')
    await service.logged('SIGUSR2: the log level is info from here on')
  }
  t.equal((await stage.send().answer).status, 200, 'they serve as before')
})
