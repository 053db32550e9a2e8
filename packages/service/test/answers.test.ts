import t from 'tap'
import { Answers, pathOf } from '../src/answers.ts'
import { fetchFrom, ONE, openPort } from './support/ports.ts'

t.test('an answer says who made it, and its type when it has a body', async (t) => {
  const port = await openPort(t, (exchange) =>
    pathOf(exchange) === '/empty'
      ? ONE.answer(exchange, 200, '')
      : ONE.answer(exchange, 201, 'x', 'A: b\r\n'),
  )
  const full = await fetchFrom(port, '/full')
  t.match(full, {
    status: 201,
    body: 'x',
    headers: { 'proxy-status': 'one', 'content-type': 'text/plain; charset=utf-8', a: 'b' },
  })
  t.notOk('x-content-type-options' in full.headers)
  const empty = await fetchFrom(port, '/empty')
  t.match(empty, { status: 200, body: '', headers: { 'proxy-status': 'one' } })
  t.notOk('content-type' in empty.headers)
})

t.test("an error is Go's, with the error of Proxy-Status", async (t) => {
  const port = await openPort(t, (exchange) => {
    if (pathOf(exchange) === '/none') return ONE.answerNotFound(exchange)
    ONE.answerError(exchange, 503, 'full\n', 'connection_limit_reached', 'refused', 'Retry-After: 7\r\n')
  })
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
  t.match(await fetchFrom(port), {
    status: 503,
    body: 'full\n',
    headers: { ...headers, 'proxy-status': 'one; error=connection_limit_reached', 'retry-after': '7' },
  })
  t.match(await fetchFrom(port, '/none'), {
    status: 404,
    body: '404 page not found\n',
    headers: { ...headers, 'proxy-status': 'one' },
  })
})

t.test('each service answers under its own name', async (t) => {
  const other = new Answers('other')
  t.equal(other.proxyStatus(), 'Proxy-Status: other\r\n')
  t.equal(other.proxyStatus('dns_error'), 'Proxy-Status: other; error=dns_error\r\n')
  t.equal(ONE.proxyStatus(), 'Proxy-Status: one\r\n')
})

t.test('a path is without its query', async (t) => {
  const port = await openPort(t, (exchange) => ONE.answer(exchange, 200, pathOf(exchange)))
  for (const [target, path] of [
    ['/a/b', '/a/b'],
    ['/a?b=/c?d', '/a'],
    ['/?', '/'],
  ])
    t.equal((await fetchFrom(port, target)).body, path, target)
})
