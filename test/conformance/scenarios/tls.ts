import { connect, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import { Client } from '../support/client.ts'
import { installCertificate } from '../support/run-group.ts'
import { type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import { eventually } from '../support/within.ts'

/** Knative looks at the files once a minute. */
const RELOAD_MS = 100_000

const LOGGING = {
  OBSERVABILITY_CONFIG: '{"enableRequestLog":true,"requestLogTemplate":"TLS: {{.Request.TLS}}"}',
}

/** Name of the certificate that a new connection gets, and its version of TLS. */
async function handshake(scene: Scene, options = {}): Promise<{ name: string; version: string | null }> {
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port: scene.subject.ports.tls,
    rejectUnauthorized: false,
    ...options,
  })
  socket.on('error', () => {})
  try {
    await once(socket, 'secureConnect')
    return { name: String(socket.getPeerCertificate().subject.CN), version: socket.getProtocol() }
  } finally {
    socket.destroy()
  }
}

const reloaded = (scene: Scene, name: string) =>
  eventually(
    `the certificate of ${name}`,
    async () => (await handshake(scene)).name,
    (one) => one === name,
    RELOAD_MS,
  )

const both = (name: string, environment: Record<string, string>, scenarios: Group['scenarios']): Group => ({
  name,
  environment: { QUEUE_SERVING_TLS_PORT: '8112', ...environment },
  ours: { QUEUE_SERVING_TLS_PORT: '0' },
  speaks: 'both',
  tls: true,
  scenarios,
})

export const tls: Group[] = [
  both('tls: serving', {}, [
    same(
      'HTTP/1.1 and HTTP/2 by ALPN, and plain text beside them',
      async (scene) => {
        const { ports } = scene.subject
        const client = await Client.open(ports.tls, { ALPNProtocols: ['http/1.1'] })
        const overH1 = await client.asks('/tls1')
        client.close()
        const overH2 = await (await scene.h2(ports.tls, 'https')).asks('/tls2')
        return [overH1.body, overH2.body, (await scene.asks('/')).body, scene.app.seen('/tls2')[0].protocol]
      },
      ['ok', 'ok', 'ok', 'HTTP/2'],
    ),
    same(
      'probes over TLS',
      async (scene) => {
        const client = await Client.open(scene.subject.ports.tls, {})
        const answer = await client.asks('/', {
          fields: ['User-Agent: Knative-Activator-Probe', 'K-Network-Probe: queue'],
        })
        client.close()
        return [answer.status, answer.body]
      },
      [200, 'queue'],
    ),
    same('TLS 1.3', async (scene) => handshake(scene), { name: 'one.test', version: 'TLSv1.3' }),
    same(
      'and nothing below',
      async (scene) =>
        handshake(scene, { maxVersion: 'TLSv1.2' }).then(
          () => 'connected',
          () => 'refused',
        ),
      'refused',
    ),
    same(
      'plain text on the port of TLS is told so',
      async (scene) => {
        const client = await scene.client(scene.subject.ports.tls)
        client.sends('/')
        const text = (await client.inbox.rest()).toString()
        return [
          /^HTTP\/1\.[01] 400 Bad Request\r\n/.test(text),
          text.includes('Client sent an HTTP request to an HTTPS server.'),
        ]
      },
      [true, true],
    ),
    same(
      'the ports beside it stay plain',
      async (scene) => {
        const { admin, autoscaling } = scene.subject.ports
        return [
          (await scene.asks('/', {}, admin)).status,
          (await scene.asks('/metrics', {}, autoscaling)).status,
        ]
      },
      [404, 200],
    ),
  ]),
  both('tls: versions', { QUEUE_PROXY_TLS_MIN_VERSION: '1.2' }, [
    same('TLS 1.2 when it is allowed', async (scene) => handshake(scene, { maxVersion: 'TLSv1.2' }), {
      name: 'one.test',
      version: 'TLSv1.2',
    }),
  ]),
  {
    ...both('tls: certificates', {}, [
      same(
        'a new pair is used as soon as both files are there',
        async (scene) => {
          const before = (await handshake(scene)).name
          installCertificate(scene.certificates, 'two', ['crt'])
          const withHalf = (await handshake(scene)).name
          installCertificate(scene.certificates, 'two', ['key'])
          const after = await reloaded(scene, 'two.test')
          const said = await scene.subject.logged(
            'Certificate and/or key have changed on disk and were reloaded.',
          )
          return { before, withHalf, after, said: said['message'] }
        },
        {
          before: 'one.test',
          withHalf: 'one.test',
          after: 'two.test',
          said: 'Certificate and/or key have changed on disk and were reloaded.',
        },
      ),
    ]),
    isSlow: true,
  },
  both('tls: the request log', LOGGING, [
    same(
      'knows of it',
      async (scene) => {
        const client = await Client.open(scene.subject.ports.tls, {})
        await client.asks('/')
        client.close()
        return (await scene.subject.stdout.next()).slice(0, 6)
      },
      'TLS: {',
    ),
  ]),
  {
    name: 'tls: settings',
    environment: null,
    tls: true,
    scenarios: [
      'QUEUE_PROXY_TLS_MIN_VERSION=1.1',
      'QUEUE_PROXY_TLS_MAX_VERSION= 1.3',
      'QUEUE_PROXY_TLS_CIPHER_SUITES=TLS_NONE',
      'QUEUE_PROXY_TLS_CURVE_PREFERENCES=P-1',
    ].map((setting) => {
      const [name, value] = setting.split('=')
      return same(`${setting} is refused`, async (scene) => (await scene.fails({ [name]: value })).code, 1)
    }),
  },
]
