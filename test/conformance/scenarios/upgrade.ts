import type { H1Request } from '../support/app.ts'
import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import { eventually, within } from '../support/within.ts'

const UPGRADE = ['Connection: Upgrade', 'Upgrade: echo']
const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Mine: 1\r\n\r\n'

/** An application that switches to an echo and answers the end with `bye`. */
const echoes = (scene: Scene, path: string, head = SWITCHING): void =>
  scene.app.on(path, (request) => {
    const { socket, inbox } = request as H1Request
    socket.write(head)
    void (async () => {
      for (let bytes = await inbox.some(); bytes !== null; bytes = await inbox.some()) socket.write(bytes)
      socket.end('bye')
    })()
  })

export const upgrade: Group[] = [
  {
    name: 'upgrade',
    environment: { CONTAINER_CONCURRENCY: '1' },
    scenarios: [
      same(
        'bytes go both ways',
        async (scene) => {
          echoes(scene, '/echo')
          const client = await scene.client()
          client.sends('/echo', { fields: UPGRADE })
          const answer = await client.answer()
          client.write('hello')
          const echoed = await client.inbox.take(5)
          const { fields } = scene.app.seen('/echo')[0]
          return {
            status: answer?.status,
            fields: ['Connection', 'Upgrade', 'X-Mine'].map((name) => answer?.fields.get(name)),
            atApp: [fields.get('Connection'), fields.get('Upgrade')],
            echoed: echoed?.toString(),
          }
        },
        {
          status: 101,
          fields: ['Upgrade', 'echo', '1'],
          atApp: ['Upgrade', 'echo'],
          echoed: 'hello',
        },
      ),
      same(
        'the end of the application is the end of the connection, and the place is free again',
        async (scene) => {
          scene.app.on('/short', (request) => {
            ;(request as H1Request).socket.end(`${SWITCHING}over`)
          })
          const client = await scene.client()
          client.sends('/short', { fields: UPGRADE })
          await client.answer()
          const rest = (await client.inbox.rest()).toString()
          client.close()
          return [rest, (await scene.asks('/')).status]
        },
        ['over', 200],
      ),
      same(
        'a connection keeps its place until it ends',
        async (scene) => {
          echoes(scene, '/place')
          const held = scene.app.holds('/waits')
          const client = await scene.client()
          client.sends('/place', { fields: UPGRADE })
          await client.answer()
          const waiting = await scene.client()
          waiting.sends('/waits')
          client.write('still')
          await client.inbox.take(5)
          const before = held.all.length
          client.close()
          ;(await held.next()).respond(200)
          return [before, (await waiting.answer())?.status]
        },
        [0, 200],
      ),
      same(
        'when the client is gone the application hears of it',
        async (scene) => {
          const held = scene.app.holds('/gone')
          const client = await scene.client()
          client.sends('/gone', { fields: UPGRADE })
          const request = (await held.next()) as H1Request
          request.writes(SWITCHING)
          await client.answer()
          client.close()
          await within('the end at the application', request.gone)
          request.socket.end()
          return (await scene.asks('/')).status
        },
        200,
      ),
      differs(
        'a client that has said all it wants to say still gets the answer',
        'upgraded-half-close',
        async (scene) => {
          echoes(scene, '/half')
          const client = await scene.client()
          client.sends('/half', { fields: UPGRADE })
          await client.answer()
          client.write('hello')
          await client.inbox.take(5)
          client.socket.end()
          return (await client.inbox.rest()).toString()
        },
        '',
        'bye',
      ),
      same(
        'an application that does not switch answers as always',
        async (scene) => {
          scene.app.on('/plain', (request) => request.respond(200, ['Content-Type: a/b'], 'plain'))
          const client = await scene.client()
          const answer = await client.asks('/plain', { fields: UPGRADE })
          return [answer.status, answer.body, (await client.asks('/plain')).status]
        },
        [200, 'plain', 200],
      ),
      differs(
        'an application that switches to something else',
        'upstream-error-text',
        async (scene) => {
          scene.app.on('/other', (request) => {
            ;(request as H1Request).writes(SWITCHING.replace('Upgrade: echo', 'Upgrade: other'))
          })
          const { status, body } = await scene.asks('/other', { fields: UPGRADE })
          return { status, body }
        },
        { status: 502, body: 'backend tried to switch protocol "other" when "echo" was requested\n' },
        { status: 502, body: 'the endpoint switched to another protocol\n' },
      ),
      differs(
        'bytes that come with the request',
        'upgrade-early-bytes',
        async (scene) => {
          echoes(scene, '/early')
          return eventually(
            'an upgrade',
            async () => {
              const client = await scene.client()
              client.write(`GET /early HTTP/1.1\r\nHost: a.test\r\n${UPGRADE.join('\r\n')}\r\n\r\nearly`)
              const answer = await client.answer()
              if (answer?.status !== 101) return ''
              client.write('late')
              const bytes = (await client.inbox.take(4))?.toString() ?? ''
              client.close()
              return bytes
            },
            (bytes) => bytes !== '',
          )
        },
        // It depends on whether they came in the same read as the head.
        /^(?:earl|late)$/,
        'earl',
      ),
    ],
  },
]
