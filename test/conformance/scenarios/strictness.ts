import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'

let count = 0

/** Sends `raw` (PATH stands for a path of its own) and the end; the statuses that come, and what the application saw. */
const sending = (raw: string) => async (scene: Scene) => {
  const path = `/strict-${++count}`
  const client = await scene.client()
  client.write(raw.replaceAll('PATH', path))
  // A second request, which is seen when the queue-proxy goes on with the connection.
  client.write('GET /next HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n')
  const statuses: number[] = []
  for (let answer = await client.answer(); answer !== null; answer = await client.answer())
    statuses.push(answer.status)
  return { statuses: statuses.join(' '), atApp: scene.app.seen(path).length }
}

const head = (...fields: string[]): string => ['GET PATH HTTP/1.1', ...fields, '', ''].join('\r\n')
const post = (fields: string[], body = ''): string =>
  ['POST PATH HTTP/1.1', 'Host: a.test', ...fields, '', body].join('\r\n')

const REFUSED = { statuses: '400', atApp: 0 }
const TAKEN = { statuses: '200 200', atApp: 1 }

const refused = (name: string, raw: string, status = 400) =>
  same(name, sending(raw), { statuses: String(status), atApp: 0 })

const laxer = (name: string, raw: string, knative: unknown = TAKEN) =>
  differs(name, 'strict-requests', sending(raw), knative, REFUSED)

/** The application may have seen the head before the body turned out to be broken. */
const brokenBody = (name: string, body: string) =>
  differs(
    name,
    'broken-body-is-400',
    async (scene) => (await sending(post(['Transfer-Encoding: chunked'], body))(scene)).statuses,
    '502',
    '400',
  )

export const strictness: Group[] = [
  {
    name: 'strictness: requests',
    environment: {},
    scenarios: [
      refused('no host', head()),
      refused('two hosts', head('Host: a.test', 'Host: b.test')),
      refused('a space before the colon', head('Host: a.test', 'X-A : 1')),
      refused('a name that is none', head('Host: a.test', 'X A: 1')),
      refused('a NUL in a value', head('Host: a.test', 'X-A: a\0b')),
      refused('two lengths that differ', post(['Content-Length: 1', 'Content-Length: 2'], 'x')),
      refused('a length with a sign', post(['Content-Length: +1'], 'x')),
      refused('a length that is none', post(['Content-Length: 1x'], 'x')),
      same(
        'two codings in two lines',
        sending(post(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n')),
        { statuses: /^(?:400|501)$/, atApp: 0 },
      ),
      refused('an unknown coding', post(['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'), 501),
      refused('a version that does not exist', 'GET PATH HTTP/3.7\r\nHost: a.test\r\n\r\n', 505),
      laxer('length and chunks', post(['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n')),
      laxer('the same length twice', post(['Content-Length: 1', 'Content-Length: 1'], 'x')),
      laxer('a line that is folded', head('Host: a.test', 'X-A: 1', ' 2')),
      laxer('lines that end without CR', 'GET PATH HTTP/1.1\nHost: a.test\n\n'),
      laxer('chunks in HTTP/1.0', post(['Transfer-Encoding: chunked'], '0\r\n\r\n').replace('1.1', '1.0'), {
        statuses: '200',
        atApp: 1,
      }),
      refused('a CR in a value', head('Host: a.test', 'X-A: a\rb')),
      refused('a host that is none', head('Host: a b')),
      refused('a control character in a value', head('Host: a.test', 'X-A: a\x01b')),
      brokenBody('a chunk whose size ends without CR', '1\nx\r\n0\r\n\r\n'),
      brokenBody('a chunk longer than its size', '1\r\nxy\r\n0\r\n\r\n'),
      brokenBody('a chunk size that is none', 'x\r\nx\r\n0\r\n\r\n'),
    ],
  },
  {
    name: 'strictness: sizes',
    environment: {},
    scenarios: [
      same(
        'a head of more than a mebibyte',
        async (scene) => (await scene.asks('/', { fields: [`X-Large: ${'x'.repeat(1_100_000)}`] })).status,
        431,
      ),
      same(
        'a head of half a mebibyte',
        async (scene) => (await scene.asks('/', { fields: [`X-Large: ${'x'.repeat(500_000)}`] })).status,
        200,
      ),
    ],
  },
]
