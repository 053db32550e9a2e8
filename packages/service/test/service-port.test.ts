import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { openProfilingPort } from '../src/service-port.ts'
import { fetchFrom, ONE, opened, openPort } from './support/ports.ts'
import { within } from './support/within.ts'

t.test('what the parser refuses is refused under the name of the service, and never answered', async (t) => {
  let answered = 0
  const port = await openPort(t, (exchange) => {
    answered++
    ONE.answer(exchange, 200, '')
  })
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => (received += text))
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n')
  await within('the connection is closed', once(socket, 'end'))
  t.match(received, /^HTTP\/1\.1 400 .*\r\nProxy-Status: one/s)
  t.equal(answered, 0)
})

const openProfiling = async (t: Test): Promise<number> =>
  opened(t, await openProfilingPort({ host: '127.0.0.1', port: 0 }, ONE))

t.test('the profiling port gives a CPU profile and the sizes of the heap', async (t) => {
  const port = await openProfiling(t)
  const profile = await fetchFrom(port, '/debug/pprof/profile?seconds=1')
  t.match(profile.headers, { 'content-type': 'application/json', 'proxy-status': 'one' })
  t.match(Object.keys(JSON.parse(profile.body) as object), ['nodes', 'startTime', 'endTime'])
  const heap = JSON.parse((await fetchFrom(port, '/debug/pprof/heap')).body) as {
    memory: { rss: number }
    spaces: unknown[]
  }
  t.ok(heap.memory.rss > 1_000_000 && heap.spaces.length > 0)
  t.match((await fetchFrom(port, '/debug/pprof/')).body, /profile\?seconds=30/)
  t.match((await fetchFrom(port, '/debug/pprof/cmdline')).body, /service-port/)
  t.equal((await fetchFrom(port, '/debug/pprof/trace')).status, 404)
  t.equal((await fetchFrom(port, '/debug/pprof/', 'POST')).status, 405)
  for (const seconds of ['0', '301', '1.5', 'x', ''])
    t.match(
      (await fetchFrom(port, `/debug/pprof/profile?seconds=${seconds}`)).body,
      /it must be a whole number/,
    )
})

t.test('one profile at a time', async (t) => {
  const port = await openProfiling(t)
  const path = '/debug/pprof/profile?seconds=1'
  const statuses = await Promise.all([fetchFrom(port, path), fetchFrom(port, path)])
  t.strictSame(
    statuses.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 409],
  )
})
