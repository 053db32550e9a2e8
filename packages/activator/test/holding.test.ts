import t from 'tap'
import { type Pending, Scene } from './support/scene.ts'
import { ScriptedSidecar } from './support/sidecar.ts'
import { HELLO } from './support/told-platform.ts'
import { until } from './support/within.ts'

/** Requests waiting for a revision, by the activator's own page of it. */
async function held(scene: Scene, count: number): Promise<void> {
  await until(`${count} requests wait`, () => scene.activator.held === count)
}

t.test(
  'a request waits for the first instance, which is asked for, and gets it when it is ready',
  async (t) => {
    const sidecar = await ScriptedSidecar.start(t)
    sidecar.isReady = false
    const scene = await Scene.start(t)
    const pending = scene.send({ body: 'a body' })
    await held(scene, 1)
    t.strictSame(scene.platform.woken, ['hello-00001'])
    scene.instances(sidecar.address)
    await until('the instance is asked', () => sidecar.probes > 0)
    t.equal(sidecar.arrived.length, 0)
    sidecar.becomesReady()
    t.strictSame([(await pending.answer).status, await (await sidecar.receives()).body], [200, 'a body'])
    t.equal(sidecar.probes, 1, 'the probe that waited was answered')
  },
)

t.test(
  'requests of one caller are dispatched oldest first, and never more than the limit at once',
  async (t) => {
    const sidecar = await ScriptedSidecar.start(t, null)
    const scene = await Scene.start(t, { spec: { containerConcurrency: 2 } })
    const pending: Pending[] = []
    for (let i = 0; i < 6; i++) {
      pending.push(scene.send({ path: `/${i}` }))
      await held(scene, i + 1)
    }
    scene.instances(sidecar.address)
    for (let i = 0; i < 6; i++) {
      const { request, response } = await sidecar.receives(i + 1)
      t.equal(request.url, `/${i}`)
      t.ok(sidecar.arrived.length <= i + 2, 'two at a time')
      response.end()
    }
    for (const { answer } of pending) t.equal((await answer).status, 200)
  },
)

t.test('a client that leaves is out of the line, and nothing of its request is sent', async (t) => {
  const sidecar = await ScriptedSidecar.start(t)
  const scene = await Scene.start(t)
  const leaving = [scene.send(), scene.send({ body: 'x'.repeat(100_000) }), scene.send({ isStreamed: true })]
  leaving[2].request.write('begun')
  await held(scene, 3)
  for (const one of leaving) one.leave()
  await held(scene, 0)
  const staying = scene.send({ path: '/stays' })
  scene.instances(sidecar.address)
  await staying.answer
  t.strictSame(
    sidecar.arrived.map(({ request }) => request.url),
    ['/stays'],
  )
})

t.test('a line that is full refuses with 503 and says when to come again', async (t) => {
  const scene = await Scene.start(t, { env: { ACTIVATOR_REVISION_HELD_MAX: '2' } })
  const waiting = [scene.send(), scene.send()]
  await held(scene, 2)
  const refused = await scene.send().answer
  t.strictSame([refused.status, refused.body], [503, 'pending request queue full\n'])
  t.match(refused.headers, {
    'retry-after': /^[1-9]\d*$/,
    'proxy-status': 'activator; error=connection_limit_reached',
  })
  for (const one of waiting) one.leave()
  await held(scene, 0)
  const again = scene.send()
  await held(scene, 1)
  again.leave()
})

t.test("a namespace's own limit refuses with 429, and others are served", async (t) => {
  const sidecar = await ScriptedSidecar.start(t)
  const other = { ...HELLO, namespace: 'other' }
  const scene = await Scene.start(t, {
    begin: (events) => {
      events.onRevision(other)
      events.onNamespaces([
        { namespace: 'default', weight: 1, heldMax: 1, runningMax: Infinity, heldBytesMax: Infinity },
      ])
    },
  })
  const first = scene.send()
  await held(scene, 1)
  const refused = await scene.send().answer
  t.strictSame([refused.status, refused.headers['retry-after']], [429, '1'])
  const elsewhere = scene.send({ headers: { 'Knative-Serving-Namespace': 'other' } })
  await held(scene, 2)
  scene.instances(sidecar.address)
  scene.platform.instances([sidecar.address], other)
  t.strictSame([(await first.answer).status, (await elsewhere.answer).status], [200, 200])
})

t.test('a namespace runs no more requests than its ceiling, over all its revisions', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, null)
  const second = { ...HELLO, name: 'hello-00002' }
  const scene = await Scene.start(t, {
    begin: (events) => {
      events.onRevision(second)
      events.onNamespaces([
        { namespace: 'default', weight: 1, heldMax: Infinity, runningMax: 1, heldBytesMax: Infinity },
      ])
    },
  })
  scene.instances(sidecar.address)
  scene.platform.instances([sidecar.address], second)
  const pending = ['hello-00001', 'hello-00001', 'hello-00002', 'hello-00002'].map((name) =>
    scene.send({ path: `/${name}`, headers: { 'Knative-Serving-Revision': name } }),
  )
  await held(scene, 3)
  for (let i = 1; i <= 4; i++) {
    const { response } = await sidecar.receives(i)
    t.equal(sidecar.arrived.length, i)
    response.end()
  }
  for (const { answer } of pending) t.equal((await answer).status, 200)
  t.not(sidecar.arrived[1].request.url, sidecar.arrived[2].request.url, 'revisions take turns')
})

t.test('a caller with many requests does not keep others waiting', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, null)
  const scene = await Scene.start(t, {
    spec: { containerConcurrency: 1 },
    env: { ACTIVATOR_CALLER: 'header:X-Tenant', ACTIVATOR_CALLER_WEIGHTS: 'gold=2' },
  })
  const pending: Pending[] = []
  const ask = async (tenant: string): Promise<void> => {
    pending.push(scene.send({ path: `/${tenant}`, headers: { 'X-Tenant': tenant } }))
    await held(scene, pending.length)
  }
  for (let i = 0; i < 6; i++) await ask('noisy')
  for (let i = 0; i < 4; i++) await ask('gold')
  await ask('quiet')
  scene.instances(sidecar.address)
  const served: string[] = []
  for (let i = 1; i <= pending.length; i++) {
    const { request, response } = await sidecar.receives(i)
    served.push(request.url!.slice(1))
    response.end()
  }
  t.strictSame(served.slice(0, 8), ['noisy', 'gold', 'gold', 'quiet', 'noisy', 'gold', 'gold', 'noisy'])
  for (const { answer } of pending) await answer
})

t.test('the more urgent goes first when priorities count, and the oldest when they do not', async (t) => {
  for (const [isOn, order] of [
    ['true', ['/u0', '/none', '/u7']],
    ['false', ['/u7', '/none', '/u0']],
  ] as const) {
    const sidecar = await ScriptedSidecar.start(t, null)
    const scene = await Scene.start(t, {
      spec: { containerConcurrency: 1 },
      env: { ACTIVATOR_PRIORITY: isOn },
    })
    const pending: Pending[] = []
    for (const [path, headers] of [
      ['/u7', { Priority: 'u=7, i' }],
      ['/none', {}],
      ['/u0', { Priority: 'u=0' }],
    ] as const) {
      pending.push(scene.send({ path, headers }))
      await held(scene, pending.length)
    }
    scene.instances(sidecar.address)
    for (let i = 1; i <= 3; i++) (await sidecar.receives(i)).response.end()
    t.strictSame(
      sidecar.arrived.map(({ request }) => request.url),
      order,
    )
    for (const { answer } of pending) await answer
  }
})

t.test('when no instance can be started, who waits and who comes is told at once', async (t) => {
  const scene = await Scene.start(t)
  const waiting = scene.send()
  await held(scene, 1)
  scene.platform.events.onTrouble(scene.spec, 'the container exits with code 1')
  const told = await waiting.answer
  t.strictSame([told.status, told.body], [503, 'the container exits with code 1\n'])
  t.match(told.headers, { 'retry-after': '1', 'proxy-status': 'activator; error=destination_unavailable' })
  t.equal((await scene.send().answer).status, 503)
  t.ok(scene.platform.woken.length >= 2, 'and it is tried again')
  scene.platform.events.onTrouble(scene.spec, '')
  const again = scene.send()
  await held(scene, 1)
  again.leave()
})

t.test('who waits for a revision that is deleted is told so, and it is not found afterwards', async (t) => {
  const scene = await Scene.start(t)
  const waiting = scene.send()
  await held(scene, 1)
  scene.platform.events.onRevisionGone(scene.spec)
  t.equal((await waiting.answer).status, 404)
  t.equal((await scene.send().answer).status, 404)
})

t.test('bodies that wait are buffered within the bounds of all, and sent whole afterwards', async (t) => {
  const sidecar = await ScriptedSidecar.start(
    t,
    ({ body, response }) => void body.then((text) => response.end(String(text.length))),
  )
  const scene = await Scene.start(t, {
    env: { ACTIVATOR_HELD_BYTES_MAX: '150000', ACTIVATOR_HOLD_BYTES: '65536' },
  })
  const size = 500_000
  const pending = Array.from({ length: 5 }, () =>
    scene.send({ isStreamed: true, headers: { 'Content-Length': String(size) } }),
  )
  for (const { request } of pending) request.flushHeaders()
  await held(scene, 5)
  for (const { request } of pending) request.end('x'.repeat(size))
  t.ok(scene.activator.heldBytes <= 150_000)
  scene.instances(sidecar.address)
  for (const { answer } of pending) t.equal((await answer).body, String(size))
  t.equal(scene.activator.heldBytes, 0, 'and all is given back')
})

t.test('a new instance without a limit gets a burst, and more as it answers', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, null)
  const scene = await Scene.start(t, { env: { ACTIVATOR_BURST: '2', ACTIVATOR_BURST_MS: '600000' } })
  const pending = Array.from({ length: 8 }, () => scene.send())
  await held(scene, 8)
  scene.instances(sidecar.address)
  await sidecar.receives(2)
  t.equal(scene.activator.held, 6, 'two at first')
  sidecar.arrived[0].response.end()
  await sidecar.receives(4)
  t.equal(scene.activator.held, 4, 'an answer makes room for itself and for one more')
  for (let i = 1; i < 8; i++) (await sidecar.receives(i + 1)).response.end()
  for (const { answer } of pending) t.equal((await answer).status, 200)
})

t.test('requests that come while others wait do not overtake them', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, null)
  const scene = await Scene.start(t, { spec: { containerConcurrency: 1 } })
  scene.instances(sidecar.address)
  const first = scene.send({ path: '/first' })
  await sidecar.receives(1)
  const second = scene.send({ path: '/second' })
  await held(scene, 1)
  const third = scene.send({ path: '/third' })
  await held(scene, 2)
  for (let i = 1; i <= 3; i++) (await sidecar.receives(i)).response.end()
  t.strictSame(
    sidecar.arrived.map(({ request }) => request.url),
    ['/first', '/second', '/third'],
  )
  await Promise.all([first.answer, second.answer, third.answer])
})

t.test('instances that appear one by one each take their part', async (t) => {
  const scene = await Scene.start(t, { spec: { containerConcurrency: 2 } })
  const pending = Array.from({ length: 12 }, (_, i) => scene.send({ path: `/${i}` }))
  await held(scene, 12)
  const sidecars: ScriptedSidecar[] = []
  for (let i = 0; i < 3; i++) {
    sidecars.push(await ScriptedSidecar.start(t, null))
    scene.instances(...sidecars.map(({ address }) => address))
    await sidecars[i].receives(2)
    t.equal(scene.activator.held, 12 - 2 * (i + 1))
  }
  const answerAll = setInterval(() => {
    for (const { arrived } of sidecars)
      for (const { response } of arrived) if (!response.writableEnded) response.end()
  }, 1)
  t.teardown(() => clearInterval(answerAll))
  for (const { answer } of pending) t.equal((await answer).status, 200)
  t.strictSame(
    sidecars.map(({ arrived }) => arrived.length > 2),
    [true, true, true],
  )
})
