import type { H1Request } from '../support/app.ts'
import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'

const EXPECTING = ['Expect: 100-continue', 'Content-Length: 5']

/** What the client gets when the application writes `raw` as its answer: statuses, fields of the first, the body. */
const relayed = (path: string, raw: string) => async (scene: Scene) => {
  scene.app.on(path, (request) => {
    ;(request as H1Request).writes(raw)
    ;(request as H1Request).done()
  })
  const client = await scene.client()
  client.sends(path)
  const statuses: number[] = []
  for (;;) {
    const answer = await client.answer()
    if (answer === null) return { statuses }
    statuses.push(answer.status)
    if (answer.status >= 200) return { statuses, body: answer.body, link: answer.fields.get('link') }
  }
}

const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n'

export const interim: Group[] = [
  {
    name: 'interim responses',
    environment: {},
    scenarios: [
      differs(
        'behind hints the final status is the one of the application',
        'final-status-kept',
        relayed(
          '/hints',
          `${HINTS}HTTP/1.1 404 Not Found\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nno`,
        ),
        { statuses: [103, 200], body: 'no', link: null },
        { statuses: [103, 404], body: 'no', link: null },
      ),
      same(
        'hints bring their fields',
        async (scene) => {
          scene.app.on('/link', (request) => {
            ;(request as H1Request).writes(HINTS, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
            ;(request as H1Request).done()
          })
          const client = await scene.client()
          client.sends('/link')
          return (await client.answer())?.fields.get('link')
        },
        '</a.css>',
      ),
      differs(
        'a client that waits for 100 gets it, and then the status of the application',
        'final-status-kept',
        async (scene) => {
          scene.app.on('/continue', async (request) => {
            ;(request as H1Request).writes('HTTP/1.1 100 Continue\r\n\r\n')
            const body = await request.body()
            request.respond(201, ['Content-Type: a/b'], body)
          })
          const client = await scene.client()
          client.sends('/continue', { method: 'POST', fields: EXPECTING })
          const first = await client.answer()
          client.write('hello')
          const second = await client.answer()
          return [first?.status, second?.status, second?.body]
        },
        [100, 200, 'hello'],
        [100, 201, 'hello'],
      ),
      same(
        'the application never says 100: after a while the queue-proxy does',
        async (scene) => {
          scene.app.on('/quiet', async (request) => {
            const body = await request.body()
            request.respond(201, ['Content-Type: a/b'], body)
          })
          const client = await scene.client()
          client.sends('/quiet', { method: 'POST', fields: EXPECTING })
          const first = await client.answer()
          client.write('hello')
          const second = await client.answer()
          return [first?.status, second?.status, second?.body]
        },
        [100, 201, 'hello'],
      ),
      same(
        'a final answer instead of 100',
        async (scene) => {
          scene.app.on('/no', (request) => request.respond(401, ['Content-Type: a/b'], 'no'))
          const client = await scene.client()
          client.sends('/no', { method: 'POST', fields: EXPECTING })
          let answer = await client.answer()
          // On a machine so busy that the answer takes more than a second.
          while (answer?.status === 100) answer = await client.answer()
          return [answer?.status, answer?.body]
        },
        [401, 'no'],
      ),
      same(
        'another expectation is not met',
        async (scene) => {
          const { status } = await scene.asks('/miracle', { fields: ['Expect: a-miracle'] })
          return [status, scene.app.seen('/miracle').length]
        },
        [417, 0],
      ),
    ],
  },
]
