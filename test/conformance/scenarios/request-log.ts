import type { H1Request } from '../support/app.ts'
import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import { passes, staysPending } from '../support/within.ts'
import type { RequestOptions } from '../support/client.ts'

const logging = (more: object) => ({
  OBSERVABILITY_CONFIG: JSON.stringify({ enableRequestLog: true, ...more }),
})

const PROBE = ['User-Agent: kube-probe/1.31', 'K-Network-Probe: queue']
const TRACE = '0af7651916cd43dd8448eb211c80319c'

/** The line of one request. */
const lineOf = async (scene: Scene, target: string, options: RequestOptions = {}): Promise<string> => {
  const before = scene.subject.stdout.all.length
  await scene.asks(target, options)
  await scene.subject.stdout.reaches(before + 1)
  return scene.subject.stdout.all[before]
}

const line =
  (target: string, options: RequestOptions = {}) =>
  (scene: Scene) =>
    lineOf(scene, target, options)

const parses = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return 'not JSON'
  }
}

const TEMPLATE = [
  '{{.Request.Method}} {{.Request.URL}} {{.Request.URL.Path}} {{.Request.Proto}} {{.Request.Host}}',
  '{{.Request.ContentLength}} {{.Request.RequestURI}} {{.Request.UserAgent}} {{.Request.Referer}}',
  '{{index .Request.Header "X-Mine"}} {{.Request.Header.Get "x-mine"}} {{.Request.TLS}}',
  '{{.Response.Code}} {{.Response.Size}} {{.TraceID}}',
  '{{.Revision.Name}} {{.Revision.Namespace}} {{.Revision.Service}} {{.Revision.Configuration}}',
  '{{.Revision.PodName}} {{.Revision.PodIP}}',
].join('|')

const traceId = (name: string, fields: readonly string[], id: string) =>
  same(
    `trace id ${name}`,
    async (scene) => (await lineOf(scene, '/', { fields })).split('|')[3],
    `200 2 ${id}`,
  )

export const requestLog: Group[] = [
  {
    name: 'request log: the default template',
    environment: { ...logging({}), SERVING_SERVICE: 'hello' },
    scenarios: [
      same(
        'one line of JSON',
        async (scene) => {
          const fields = [
            'User-Agent: ua/1',
            'Referer: http://r.test/',
            `traceparent: 00-${TRACE}-b7ad6b7169203331-01`,
          ]
          const text = await lineOf(scene, '/a?b=c', { method: 'POST', body: 'hello', fields })
          return parses(text)
        },
        {
          httpRequest: {
            requestMethod: 'POST',
            requestUrl: '/a?b=c',
            requestSize: '5',
            status: 200,
            responseSize: '2',
            userAgent: 'ua/1',
            remoteIp: /^127\.0\.0\.1:\d+$/,
            serverIp: '10.1.2.3',
            referer: 'http://r.test/',
            latency: /^[\d.e-]+s$/,
            protocol: 'HTTP/1.1',
          },
          traceId: TRACE,
        },
      ),
      differs(
        'with an apostrophe',
        'request-log-is-json',
        async (scene) => {
          const entry = parses(await lineOf(scene, "/it's", { fields: ["User-Agent: o'n"] }))
          if (typeof entry === 'string') return entry
          const { requestUrl, userAgent } = (entry as { httpRequest: Record<string, string> }).httpRequest
          return [requestUrl, userAgent]
        },
        'not JSON',
        ["/it's", "o'n"],
      ),
      same(
        'probes are left out',
        async (scene) => {
          await scene.asks('/probe', { fields: PROBE })
          await scene.asks('/probe', { fields: ['K-Kubelet-Probe: x'] })
          await scene.asks('/probe', { fields: ['K-Network-Probe: queue'] })
          const text = await lineOf(scene, '/last')
          return [text.includes('/last'), scene.subject.stdout.all.some((one) => one.includes('/probe'))]
        },
        [true, false],
      ),
      differs(
        'a client that leaves',
        'client-gone-is-499',
        async (scene) => {
          const held = scene.app.holds('/left')
          const before = scene.subject.stdout.all.length
          const client = await scene.client()
          client.sends('/left')
          await held.next()
          client.close()
          await scene.subject.stdout.reaches(before + 1)
          const entry = JSON.parse(scene.subject.stdout.all[before]) as { httpRequest: { status: number } }
          return entry.httpRequest.status
        },
        200,
        499,
      ),
      differs(
        'an answer that was cut',
        'cut-answers-have-a-size',
        async (scene) => {
          const head = 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n'
          scene.app.on('/cut', (request) => (request as H1Request).socket.end(`${head}3\r\nfoo\r\n`))
          const entry = JSON.parse(await lineOf(scene, '/cut')) as { httpRequest: Record<string, unknown> }
          return [entry.httpRequest['status'], entry.httpRequest['responseSize']]
        },
        [500, '0'],
        [500, '3'],
      ),
      same(
        'refusals of the application, and ours',
        async (scene) => {
          scene.app.on('/no', (request) => request.respond(503, ['Content-Type: a/b'], 'no'))
          scene.app.on('/eof', (request) => (request as H1Request).socket.end())
          const status = async (path: string) => {
            const text = await lineOf(scene, path, { method: 'POST', body: 'x' })
            return (JSON.parse(text) as { httpRequest: { status: number } }).httpRequest.status
          }
          return [await status('/no'), await status('/eof')]
        },
        [503, 502],
      ),
    ],
  },
  {
    name: 'request log: a template of the user',
    environment: { ...logging({ requestLogTemplate: TEMPLATE }), SERVING_SERVICE: 'hello' },
    scenarios: [
      same(
        'its fields',
        line('/a%20b?c=d', {
          method: 'POST',
          body: 'hello',
          fields: ['User-Agent: ua', 'Referer: r', 'X-Mine: 1', 'X-Mine: 2'],
        }),
        'POST /a%20b?c=d /a b HTTP/1.1 app.test|5 /a%20b?c=d ua r|[1 2] 1 <nil>|200 2 |hello-00001 default hello hello|hello-00001-pod 10.1.2.3',
      ),
      same(
        'a body of unknown size',
        async (scene) => {
          const options = { method: 'POST', fields: ['Transfer-Encoding: chunked'], body: '0\r\n\r\n' }
          return (await lineOf(scene, '/', options)).split('|')[1]
        },
        '-1 /  ',
      ),
      traceId('of W3C', [`traceparent: 00-${TRACE}-b7ad6b7169203331-01`], TRACE),
      traceId('of B3', [`X-B3-TraceId: ${TRACE}`], TRACE),
      traceId('of B3, short', ['X-B3-Traceid: 463ac35c9f6413ad'], '463ac35c9f6413ad'),
      traceId('of both', ['X-B3-TraceId: 1', `traceparent: 00-${TRACE}-b7ad6b7169203331-01`], TRACE),
      traceId('of what is none', ['traceparent: 00'], ''),
      traceId('of nothing', [], ''),
    ],
  },
  {
    name: 'request log: probes',
    environment: logging({
      enableProbeRequestLog: true,
      requestLogTemplate: '{{.Request.URL}} {{.Response.Code}}\n',
    }),
    scenarios: [
      same(
        'they are there when they are wanted, and a newline is not doubled',
        line('/p', { fields: PROBE }),
        '/p 200',
      ),
      same('what the kubelet marks, too', line('/k', { fields: ['K-Kubelet-Probe: x'] }), '/k 200'),
    ],
  },
  {
    name: 'request log: a template that fails',
    environment: logging({ requestLogTemplate: '{{.Request.URL}} {{.Response.Nonsense}}' }),
    scenarios: [
      same(
        'at every request',
        line('/x'),
        /^(?:\/x )?Invalid request log template: method: GET, response code: 200, latency: [\d.e-]+, url: \/x$/,
      ),
    ],
  },
  {
    name: 'request log: a template that is none',
    environment: logging({ requestLogTemplate: '{{.Request' }),
    scenarios: [
      same(
        'is said, and requests are served',
        async (scene) => {
          const { status } = await scene.asks('/')
          await scene.subject.stderr.find('the error', (one) =>
            one.includes('Error setting up request logger'),
          )
          return [status, scene.subject.stdout.all.length]
        },
        [200, 0],
      ),
    ],
  },
  {
    name: 'request log: off',
    environment: { OBSERVABILITY_CONFIG: '{"requestLogTemplate":"{{.Request.URL}}"}' },
    scenarios: [
      same(
        'nothing is said',
        async (scene) => {
          await scene.asks('/')
          await staysPending(passes(200), 200)
          return scene.subject.stdout.all
        },
        [],
      ),
    ],
  },
]
