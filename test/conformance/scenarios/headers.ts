import { differs, type Group, same } from '../support/scenario.ts'
import type { H1Request } from '../support/app.ts'
import type { Scene } from '../support/scene.ts'
import type { Fields } from '../support/messages.ts'
import { ownAnswer } from './answers.ts'

let count = 0

/** The request as it arrives at the application when it is sent with these fields. */
async function arriving(scene: Scene, fields: readonly string[], options = {}): Promise<H1Request> {
  const path = `/fields-${++count}`
  await scene.asks(path, { fields, ...options })
  return scene.app.seen(path)[0] as H1Request
}

/** The values of the named fields as the application sees them. */
const atApp =
  (names: readonly string[], fields: readonly string[], options = {}) =>
  async (scene: Scene) => {
    const request = await arriving(scene, fields, options)
    return Object.fromEntries(names.map((name) => [name, values(request.fields, name)]))
  }

/** One value as a text, several as a list, none as null. */
function values(fields: Fields, name: string): string | string[] | null {
  const all = fields.all(name)
  return all.length > 1 ? all : (all[0] ?? null)
}

/** What the application sends, as the client gets it. */
const answering =
  (raw: string, read: (answer: { fields: Fields; body: string }) => unknown) => async (scene: Scene) => {
    const path = `/answers-${++count}`
    scene.app.on(path, (request) => {
      ;(request as H1Request).writes(raw)
      ;(request as H1Request).done()
    })
    return read(await scene.asks(path))
  }

const forwarded = (xff: string, host: string, proto: string) =>
  atApp(
    ['Forwarded'],
    [
      ...(xff === '' ? [] : [`X-Forwarded-For: ${xff}`]),
      ...(host === '' ? [] : [`X-Forwarded-Host: ${host}`]),
      ...(proto === '' ? [] : [`X-Forwarded-Proto: ${proto}`]),
    ],
  )

/** X-Forwarded-For, -Host and -Proto, and the Forwarded that both make of them. */
const VECTORS = [
  ['127.0.0.1, ::1', 'h', 'p', 'for=127.0.0.1;host=h;proto=p, for="[::1]"'],
  ['127.0.0.1', 'h', 'p', 'for=127.0.0.1;host=h;proto=p'],
  ['127.0.0.1, ::1', '', '', 'for=127.0.0.1, for="[::1]"'],
  ['127.0.0.1, ::1', '', 'p', 'for=127.0.0.1;proto=p, for="[::1]"'],
  ['127.0.0.1, ::1', 'h', '', 'for=127.0.0.1;host=h, for="[::1]"'],
  ['', 'h', '', 'host=h'],
  ['', '', 'p', 'proto=p'],
  ['', 'h', 'p', 'host=h;proto=p'],
  ['', '', '', null],
] as const

/** The same where Knative's is not valid by RFC 7239. */
const ODD_VECTORS = [
  [',,,', '', '', 'for=, for=, for=', null],
  [',x', 'h', '', 'for=host=h, for=x', 'for=x;host=h'],
  ['1.2.3.4:80', '', '', 'for="[1.2.3.4:80]"', 'for="1.2.3.4:80"'],
  ['[::1]', '', '', 'for="[[::1]]"', 'for="[::1]"'],
  ['', 'h:8080', '', 'host=h:8080', 'host="h:8080"'],
] as const

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

export const headers: Group[] = [
  {
    name: 'headers: Forwarded',
    environment: {},
    scenarios: [
      ...VECTORS.map(([xff, host, proto, expected]) =>
        same(`of ${xff || '-'} | ${host || '-'} | ${proto || '-'}`, forwarded(xff, host, proto), {
          Forwarded: expected,
        }),
      ),
      ...ODD_VECTORS.map(([xff, host, proto, knative, ours]) =>
        differs(
          `of ${xff || '-'} | ${host || '-'} | ${proto || '-'}`,
          'forwarded-is-valid',
          forwarded(xff, host, proto),
          { Forwarded: knative },
          { Forwarded: ours },
        ),
      ),
      differs(
        'of several lines',
        'forwarded-reads-every-line',
        atApp(['Forwarded'], ['X-Forwarded-For: 1.1.1.1', 'X-Forwarded-For: 2.2.2.2']),
        { Forwarded: 'for=1.1.1.1' },
        { Forwarded: 'for=1.1.1.1, for=2.2.2.2' },
      ),
      same(
        'one that is there already',
        atApp(['Forwarded'], ['Forwarded: for=1.1.1.1;by=x', 'X-Forwarded-For: 2.2.2.2']),
        { Forwarded: 'for=1.1.1.1;by=x' },
      ),
    ],
  },
  {
    name: 'headers: requests',
    environment: {},
    scenarios: [
      same(
        'nothing is invented but where the request came from',
        async (scene) => (await arriving(scene, [])).fields.names(),
        ['host', 'x-forwarded-for'],
      ),
      same('the peer is who it came from', atApp(['X-Forwarded-For'], []), {
        'X-Forwarded-For': '127.0.0.1',
      }),
      same(
        'and is appended to whoever was before, all in one line',
        atApp(['X-Forwarded-For'], ['X-Forwarded-For: 1.1.1.1, ::1', 'X-Forwarded-For: 2.2.2.2']),
        { 'X-Forwarded-For': '1.1.1.1, ::1, 2.2.2.2, 127.0.0.1' },
      ),
      same(
        'host, user agent and fields of users go through',
        atApp(
          [
            'Host',
            'User-Agent',
            'X-Mine',
            'Cookie',
            'X-Forwarded-Proto',
            'X-Forwarded-Host',
            'Accept-Encoding',
          ],
          [
            'User-Agent: mine/1',
            'X-Mine: a',
            'X-Mine: b',
            'Cookie: a=b',
            'X-Forwarded-Proto: https',
            'X-Forwarded-Host: h',
          ],
          { host: 'hello.default.example.com:8080' },
        ),
        {
          Host: 'hello.default.example.com:8080',
          'User-Agent': 'mine/1',
          'X-Mine': ['a', 'b'],
          Cookie: 'a=b',
          'X-Forwarded-Proto': 'https',
          'X-Forwarded-Host': 'h',
          'Accept-Encoding': null,
        },
      ),
      same(
        'the original host comes back',
        atApp(['Host', 'K-Original-Host'], ['K-Original-Host: original.example.com']),
        { Host: 'original.example.com', 'K-Original-Host': null },
      ),
      same(
        'the original host of what the kubelet marks is left alone',
        atApp(['Host', 'K-Original-Host'], ['K-Original-Host: original.example.com', 'K-Kubelet-Probe: x']),
        { Host: 'app.test', 'K-Original-Host': 'original.example.com' },
      ),
      differs(
        'an original host that is none',
        'host-must-be-one',
        async (scene) => {
          const path = `/host-${++count}`
          const { status } = await scene.asks(path, { fields: ['K-Original-Host: a b/c'] })
          return { status, atApp: scene.app.seen(path).length }
        },
        { status: 200, atApp: 1 },
        { status: 400, atApp: 0 },
      ),
      same(
        'what the activator says of the revision does not reach the application, the rest does',
        atApp(
          [
            'Knative-Serving-Revision',
            'Knative-Serving-Namespace',
            'K-Proxy-Request',
            'K-Passthrough-Lb',
            'Knative-Direct-Lb',
            'Knative-Serving-Tag',
            'Knative-Serving-Default-Route',
            'K-Network-Hash',
          ],
          [
            'Knative-Serving-Revision: r',
            'Knative-Serving-Namespace: n',
            'K-Proxy-Request: activator',
            'K-Passthrough-Lb: true',
            'Knative-Direct-Lb: true',
            'Knative-Serving-Tag: blue',
            'Knative-Serving-Default-Route: false',
            'K-Network-Hash: h',
          ],
        ),
        {
          'Knative-Serving-Revision': null,
          'Knative-Serving-Namespace': null,
          'K-Proxy-Request': 'activator',
          'K-Passthrough-Lb': 'true',
          'Knative-Direct-Lb': 'true',
          'Knative-Serving-Tag': 'blue',
          'Knative-Serving-Default-Route': 'false',
          'K-Network-Hash': 'h',
        },
      ),
      same(
        'fields of the connection stay on it',
        atApp(
          ['Connection', 'X-Hop', 'Keep-Alive', 'Proxy-Connection', 'Proxy-Authorization', 'TE', 'X-Kept'],
          [
            'Connection: X-Hop, keep-alive',
            'X-Hop: 1',
            'Keep-Alive: timeout=5',
            'Proxy-Connection: keep-alive',
            'Proxy-Authorization: Basic eDp5',
            'TE: gzip',
            'X-Kept: 1',
          ],
        ),
        {
          Connection: null,
          'X-Hop': null,
          'Keep-Alive': null,
          'Proxy-Connection': null,
          'Proxy-Authorization': null,
          TE: null,
          'X-Kept': '1',
        },
      ),
      same('trailers are asked for', atApp(['TE'], ['Connection: TE', 'TE: trailers, deflate']), {
        TE: 'trailers',
      }),
      same(
        'paths and queries go through as they are',
        async (scene) => {
          const targets = ['//a//b', '/a%2Fb%20c/../d', '/q?a=1&b=%20;c', '/?', '/~x;y=z']
          for (const target of targets) await scene.asks(target)
          return targets.filter(
            (target) => !scene.app.requests.all.some((request) => request.target === target),
          )
        },
        [],
      ),
      same(
        'a query that Go cannot read, too',
        async (scene) => {
          await scene.asks('/bad?a=%zz&b;c=d')
          return scene.app.seen('/bad').map((request) => request.target)
        },
        ['/bad?a=%zz&b;c=d'],
      ),
      same(
        'OPTIONS * is answered here',
        async (scene) => {
          const before = scene.app.requests.all.length
          const { status, body } = await scene.asks('*', { method: 'OPTIONS' })
          return { status, body, atApp: scene.app.requests.all.length - before }
        },
        { status: 200, body: '', atApp: 0 },
      ),
      same(
        'the absolute form of a target',
        async (scene) => {
          await scene.asks('http://other.test/absolute', {})
          const [request] = scene.app.seen('/absolute')
          return [request?.target, request?.fields.get('host')]
        },
        ['/absolute', 'other.test'],
      ),
      same(
        'trace context goes through',
        atApp(
          ['traceparent', 'tracestate', 'baggage'],
          [`traceparent: ${TRACE}`, 'tracestate: a=1,b=2', 'baggage: k=v'],
        ),
        { traceparent: TRACE, tracestate: 'a=1,b=2', baggage: 'k=v' },
      ),
      same('and what is none, too', atApp(['traceparent'], ['traceparent: nonsense']), {
        traceparent: 'nonsense',
      }),
    ],
  },
  {
    name: 'headers: peers that are not trusted',
    environment: { CONTAINER_CONCURRENCY: '1' },
    ours: { QUEUE_TRUSTED_PEERS: '10.0.0.0/8' },
    scenarios: [
      differs(
        'a client that says it is an activator, a kubelet, or another host',
        'markers-of-trusted-peers',
        async (scene) => {
          const probe = await scene.asks('/probe', {
            fields: ['User-Agent: kube-probe/1', 'K-Network-Probe: queue'],
          })
          const seen = await arriving(scene, [
            'K-Original-Host: other.test',
            'K-Proxy-Request: activator',
            'X-Forwarded-For: 1.1.1.1',
          ])
          const names = ['Host', 'K-Proxy-Request', 'X-Forwarded-For']
          return [probe.body, ...names.map((name) => seen.fields.get(name))]
        },
        ['queue', 'other.test', 'activator', '1.1.1.1, 127.0.0.1'],
        ['ok', 'app.test', null, '127.0.0.1'],
      ),
    ],
  },
  {
    name: 'headers: responses',
    environment: {},
    scenarios: [
      same(
        'fields of the connection stay on it, others are all kept',
        answering(
          'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Type: a/b\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nProxy-Authenticate: Basic\r\nServer: mine\r\n\r\n',
          ({ fields }) =>
            ['X-Hop', 'Keep-Alive', 'Proxy-Authenticate', 'Set-Cookie', 'Server', 'Date', 'Content-Type'].map(
              (name) => values(fields, name),
            ),
        ),
        [null, null, null, ['a', 'b'], 'mine', 'Mon, 01 Jan 2024 00:00:00 GMT', 'a/b'],
      ),
      same(
        'a date is added',
        answering('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 0\r\n\r\n', ({ fields }) =>
          fields.get('date'),
        ),
        /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
      ),
      differs(
        'the type of a body that has none',
        'type-not-guessed',
        answering('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>', ({ fields }) =>
          fields.get('content-type'),
        ),
        'text/html; charset=utf-8',
        null,
      ),
      same(
        'statuses go through',
        async (scene) => {
          const statuses = [201, 301, 404, 418, 426, 500, 503, 599]
          const seen = []
          for (const status of statuses) {
            scene.app.on('/status', (request) => request.respond(status, ['Content-Type: a/b'], 'x'))
            const answer = await scene.asks('/status')
            seen.push(`${answer.status} ${answer.body}`)
          }
          return seen
        },
        ['201 x', '301 x', '404 x', '418 x', '426 x', '500 x', '503 x', '599 x'],
      ),
      same(
        'what has no body stays without',
        async (scene) => {
          scene.app.on('/204', (request) => request.respond(204))
          scene.app.on('/304', (request) => request.respond(304, ['ETag: "x"']))
          scene.app.on('/head', (request) => request.respond(200, ['Content-Type: a/b'], 'hello'))
          const client = await scene.client()
          const answers = [
            await client.asks('/204'),
            await client.asks('/304'),
            await client.asks('/head', { method: 'HEAD' }),
            await client.asks('/'),
          ]
          return answers.map(({ status, fields, body }) => [status, fields.get('content-length'), body])
        },
        [
          [204, null, ''],
          [304, null, ''],
          [200, '5', ''],
          [200, '2', 'ok'],
        ],
      ),
      same(
        'an error of ours is one to browsers, too',
        async (scene) => {
          const answer = ownAnswer(await scene.asks('/', { fields: ['User-Agent: kube-probe/1'] }))
          return [answer['content-type'], answer['x-content-type-options']]
        },
        ['text/plain; charset=utf-8', 'nosniff'],
      ),
    ],
  },
]
