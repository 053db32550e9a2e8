import t from 'tap'
import { fetchFrom, send, startApp, startHeldApp, startSidecar } from './support/scene.ts'

const REFUSE = { 'Pilotlight-Refuse': 'when-busy' }

t.test('what finds no place is refused at once, and told when to come again', async (t) => {
  const { port, requests } = await startHeldApp(t)
  const sidecar = await startSidecar(t, port, { CONTAINER_CONCURRENCY: '1', QUEUE_DEPTH: '1' })
  const { main } = sidecar.ports
  const running = send(main)
  const first = await requests.next()
  const second = send(main)
  // The third finds the place of the second taken: it is sent until that is so.
  let refused = await fetchFrom(main)
  while (refused.status !== 503) refused = await fetchFrom(main)
  t.equal(refused.body, 'pending request queue full\n')
  t.equal(refused.headers['x-content-type-options'], 'nosniff')
  t.equal(refused.headers['proxy-status'], 'queue-proxy; error=connection_limit_reached')
  t.match(refused.headers['retry-after'], /^[1-9]\d?$/)
  t.equal(refused.headers['pilotlight-slots'], undefined)
  first.response.end('one')
  t.equal((await running.answer).body, 'one')
  ;(await requests.next()).response.end('two')
  t.equal((await second.answer).body, 'two')
})

t.test('an activator may ask to be refused instead of queued', async (t) => {
  const { port, requests } = await startHeldApp(t)
  const { main } = (await startSidecar(t, port, { CONTAINER_CONCURRENCY: '2' })).ports
  const running = [send(main, { headers: REFUSE }), send(main, { headers: REFUSE })]
  const held = [await requests.next(), await requests.next()]
  t.equal(held[0].request.headers['pilotlight-refuse'], undefined, 'the app does not hear of it')
  const refused = await fetchFrom(main, { headers: REFUSE })
  t.equal(refused.status, 503)
  t.equal(refused.body, 'no free slot\n')
  t.equal(refused.headers['pilotlight-refused'], 'busy')
  t.equal(refused.headers['pilotlight-slots'], 'free=0, total=2')
  t.ok(refused.headers['retry-after'])
  held[0].response.end()
  const answer = await Promise.race(running.map((one) => one.answer))
  t.equal(answer.status, 200)
  t.equal(answer.headers['pilotlight-slots'], 'free=0, total=2', 'while it is answered its slot is its own')
  held[1].response.end()
  await Promise.all(running.map((one) => one.answer))
  const free = send(main, { headers: REFUSE })
  ;(await requests.next()).response.end()
  t.equal((await free.answer).headers['pilotlight-slots'], 'free=1, total=2')
  t.equal(requests.count, 0, 'the refused one never reached the app')
})

t.test('a client that leaves the line gives its place to another', async (t) => {
  const { port, requests } = await startHeldApp(t)
  const { main } = (await startSidecar(t, port, { CONTAINER_CONCURRENCY: '1', QUEUE_DEPTH: '1' })).ports
  const running = send(main)
  const first = await requests.next()
  const waiting = send(main)
  let refused = await fetchFrom(main)
  while (refused.status !== 503) refused = await fetchFrom(main)
  waiting.leave()
  // Until its place is free others are refused; then one waits.
  let next = send(main)
  const isRefused = (pending: typeof next) =>
    Promise.race([
      pending.answer.then(({ status }) => status === 503),
      fetchFrom(main).then(({ status }) => status !== 503),
    ])
  while (await isRefused(next)) next = send(main)
  first.response.end('one')
  t.equal((await running.answer).body, 'one')
  ;(await requests.next()).response.end('three')
  t.equal((await next.answer).body, 'three')
})

t.test('the oldest makes room when that is configured', async (t) => {
  const { port, requests } = await startHeldApp(t)
  const { main } = (
    await startSidecar(t, port, {
      CONTAINER_CONCURRENCY: '1',
      QUEUE_DEPTH: '1',
      QUEUE_OVERFLOW: 'refuse-oldest',
    })
  ).ports
  const running = send(main)
  const first = await requests.next()
  const old = send(main, { path: '/old' })
  const young = send(main, { path: '/young' })
  // One of the two is answered while the first still runs: whichever came first.
  const evicted = await Promise.race([old.answer, young.answer])
  t.equal(evicted.status, 503)
  first.response.end()
  await running.answer
  const kept = await requests.next()
  kept.response.end(kept.request.url)
  const bodies = (await Promise.all([old.answer, young.answer])).map(({ body }) => body)
  t.ok(bodies.includes(kept.request.url ?? ''))
  t.ok(bodies.includes('pending request queue full\n'))
})

t.test('the queue has a clock of its own', async (t) => {
  const { port, requests } = await startHeldApp(t)
  const { main } = (
    await startSidecar(t, port, {
      CONTAINER_CONCURRENCY: '1',
      QUEUE_TIMEOUT_SECONDS: '1',
      REVISION_RESPONSE_START_TIMEOUT_SECONDS: '200',
    })
  ).ports
  const running = send(main)
  const first = await requests.next()
  const late = await fetchFrom(main)
  t.equal(late.status, 503)
  t.match(late.body, /no slot or instance became free in time/)
  t.match(late.headers['retry-after'], /^\d+$/)
  first.response.end('still here')
  t.equal((await running.answer).body, 'still here')
  t.equal(requests.count, 0)
})

t.test(
  'Knative: the response-start clock includes the queue, and a slot is free again after it',
  async (t) => {
    const { port, requests } = await startHeldApp(t)
    const { main } = (
      await startSidecar(t, port, {
        CONTAINER_CONCURRENCY: '1',
        REVISION_RESPONSE_START_TIMEOUT_SECONDS: '1',
      })
    ).ports
    const [one, two] = await Promise.all([fetchFrom(main), fetchFrom(main)])
    for (const { status, body, headers } of [one, two]) {
      t.equal(status, 504)
      t.equal(body, 'request timeout')
      t.equal(headers['content-length'], '15')
    }
    const after = send(main, { path: '/after' })
    let request = await requests.next()
    while (request.request.url !== '/after') request = await requests.next()
    request.response.end('free')
    t.equal((await after.answer).body, 'free')
  },
)

t.test('what came is what the app sees, but for what is ours to change', async (t) => {
  const { port } = await startApp(t, (request, response) => response.end(JSON.stringify(request.rawHeaders)))
  const { main } = (await startSidecar(t, port)).ports
  const { body } = await fetchFrom(main, {
    headers: {
      Host: 'public.example',
      'K-Original-Host': 'original.example',
      'Knative-Serving-Revision': 'r',
      'Knative-Serving-Namespace': 'n',
      'K-Proxy-Request': 'activator',
      'X-Forwarded-For': '192.0.2.1',
      'X-Other': 'kept',
    },
  })
  const seen = JSON.parse(body) as string[]
  const value = (name: string) => seen[seen.findIndex((one) => one.toLowerCase() === name) + 1]
  t.equal(value('host'), 'original.example')
  t.equal(value('x-forwarded-for'), '192.0.2.1, 127.0.0.1')
  t.equal(value('forwarded'), 'for=192.0.2.1')
  t.equal(value('x-other'), 'kept')
  t.equal(value('k-proxy-request'), 'activator')
  for (const name of [
    'k-original-host',
    'knative-serving-revision',
    'knative-serving-namespace',
    'user-agent',
  ])
    t.notOk(
      seen.some((one) => one.toLowerCase() === name),
      name,
    )
  const bad = await fetchFrom(main, { headers: { 'K-Original-Host': 'a b' } })
  t.equal(bad.status, 400)
})

t.test('markers of peers that are not trusted are as if they had not been sent', async (t) => {
  const { port } = await startApp(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const { main } = (await startSidecar(t, port, { QUEUE_TRUSTED_PEERS: '10.0.0.0/8' })).ports
  const { status, body } = await fetchFrom(main, {
    headers: {
      'User-Agent': 'kube-probe/1.30',
      'K-Network-Probe': 'queue',
      'K-Original-Host': 'evil.example',
      'X-Forwarded-For': '1.2.3.4',
      Host: 'public.example',
    },
  })
  t.equal(status, 200)
  const seen = JSON.parse(body) as Record<string, string>
  t.equal(seen['host'], 'public.example')
  t.equal(seen['x-forwarded-for'], '127.0.0.1')
  t.equal(seen['k-network-probe'], undefined)
  t.equal(seen['k-original-host'], undefined)
})

t.test('a gRPC deadline shortens the clock of its request', async (t) => {
  const { port } = await startHeldApp(t)
  const { main } = (await startSidecar(t, port)).ports
  const late = await fetchFrom(main, { headers: { 'grpc-timeout': '50m' } })
  t.equal(late.status, 504)
})

t.test('an app that is not there', async (t) => {
  const { port, server } = await startApp(t, (_, response) => response.end())
  server.close()
  const { main } = (await startSidecar(t, port)).ports
  const answer = await fetchFrom(main)
  t.equal(answer.status, 502)
  t.equal(answer.body, `dial tcp 127.0.0.1:${port}: connect: connection refused\n`)
  t.equal(answer.headers['proxy-status'], 'queue-proxy; error=connection_refused')
})

t.test('OPTIONS * is for us', async (t) => {
  const { port, requests } = await startHeldApp(t)
  const { main } = (await startSidecar(t, port, { CONTAINER_CONCURRENCY: '1' })).ports
  const answer = await fetchFrom(main, { method: 'OPTIONS', path: '*' })
  t.strictSame([answer.status, answer.body, answer.headers['content-length']], [200, '', '0'])
  t.equal(requests.count, 0)
})
