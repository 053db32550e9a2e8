import fc from 'fast-check'
import t from 'tap'
import { DEFAULT_LIMITS, describeRefusal, type Limits } from '../src/index.ts'
import { pieces, readRequests, readResponses } from './support/message-reader.ts'
import { bounded } from './support/settings.ts'

const H = 'Host: a\r\n'
const chunked = (rest: string): string => `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${rest}`

/** For each limit: an input that uses exactly `size` of it, and what is said one below. */
const PROBES: readonly {
  limit: keyof Limits
  refusal: string
  least: number
  input: (size: number) => string
}[] = [
  {
    limit: 'headBytes',
    refusal: 'head-too-large',
    least: 40,
    input: (size) => `GET / HTTP/1.1\r\n${H}X: ${'x'.repeat(size - 32)}\r\n\r\n`,
  },
  {
    limit: 'headerCount',
    refusal: 'too-many-fields',
    least: 1,
    input: (size) => `GET / HTTP/1.1\r\n${H}${'X: y\r\n'.repeat(size - 1)}\r\n`,
  },
  {
    limit: 'targetBytes',
    refusal: 'target-too-long',
    least: 1,
    input: (size) => `GET /${'x'.repeat(size - 1)} HTTP/1.1\r\n${H}\r\n`,
  },
  {
    limit: 'chunkExtensionBytes',
    refusal: 'chunk-extension-too-long',
    least: 1,
    input: (size) => chunked(`1;${'x'.repeat(size - 1)}\r\na\r\n0\r\n\r\n`),
  },
  {
    limit: 'trailerBytes',
    refusal: 'trailer-too-large',
    least: 8,
    input: (size) => chunked(`0\r\nX: ${'x'.repeat(size - 7)}\r\n\r\n`),
  },
  {
    limit: 'headerCount',
    refusal: 'too-many-fields',
    least: 2,
    input: (size) => chunked(`0\r\n${'X: y\r\n'.repeat(size)}\r\n`),
  },
]

t.test('a limit is met exactly, however the input is cut', async (t) => {
  const cuts = fc.array(fc.nat(400), { maxLength: 5 })
  for (const { limit, refusal, least, input } of PROBES) {
    fc.assert(
      fc.property(fc.integer({ min: least, max: 300 }), cuts, (size, at) => {
        const bytes = Buffer.from(input(size))
        const parts = pieces(
          bytes,
          at.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b),
        )
        t.equal(readRequests(parts, { [limit]: size }).end, 'done', `${limit} ${size} of ${size}`)
        const { end } = readRequests(parts, { [limit]: size - 1 })
        t.match(end, `refused ${refusal} `, `${limit} ${size} of ${size - 1}`)
      }),
      bounded(60),
    )
  }
})

t.test('the limits of responses are those of requests', async (t) => {
  const text = 'HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 0\r\n\r\n'
  const read = (limits: Partial<Limits>): string => readResponses([Buffer.from(text)], ['GET'], limits).end
  t.equal(read({ headBytes: text.length, headerCount: 2 }), 'answered')
  t.equal(read({ headBytes: text.length - 1 }), 'refused head-too-large 502')
  t.equal(read({ headerCount: 1 }), 'refused too-many-fields 502')
})

t.test('a limit is met as soon as it is passed, not when the head ends', async (t) => {
  t.equal(
    readRequests([Buffer.from(`GET / HTTP/1.1\r\n${'X'.repeat(100)}`)], { headBytes: 50 }).end,
    'refused head-too-large 431',
  )
  t.equal(
    readRequests([Buffer.from(`GET /${'x'.repeat(100)}`)], { targetBytes: 50 }).end,
    'refused target-too-long 414',
  )
  t.equal(
    readRequests([Buffer.from(chunked(`0\r\n${'X'.repeat(100)}`))], { trailerBytes: 50 }).end,
    'refused trailer-too-large 431',
  )
})

t.test('the defaults let through what Knative lets through', async (t) => {
  t.ok(DEFAULT_LIMITS.headBytes >= 1024 * 1024)
  const cookie = 'x'.repeat(1_000_000)
  t.equal(readRequests([Buffer.from(`GET / HTTP/1.1\r\n${H}Cookie: ${cookie}\r\n\r\n`)]).end, 'done')
  t.equal(readRequests([Buffer.from(`GET / HTTP/1.1\r\n${H}${'X: y\r\n'.repeat(4000)}\r\n`)]).end, 'done')
})

t.test('every limit has a refusal', async (t) => {
  const names = new Set(PROBES.map((probe) => probe.limit))
  t.strictSame([...names].toSorted(), Object.keys(DEFAULT_LIMITS).toSorted())
  t.doesNotThrow(() => describeRefusal(-12))
})
