import t from 'tap'
import { Scene } from './support/scene.ts'
import { ScriptedSidecar } from './support/sidecar.ts'
import { until } from './support/within.ts'

const REQUESTS = 2000
const INSTANCES = 4
const STEP = 100

t.test('2,000 requests to a revision at zero are all answered, in order, as instances appear', async (t) => {
  const limit = 10
  const scene = await Scene.start(t, { spec: { containerConcurrency: limit } })
  const pending = []
  for (let i = 0; i < REQUESTS; i++) {
    pending.push(scene.send({ path: `/${i}` }))
    // In steps, so that requests arrive in the order they are sent in.
    if (i % STEP === STEP - 1) await until(`${i + 1} wait`, () => scene.activator.held === i + 1)
  }
  const arrivals: number[] = []
  const sidecars: ScriptedSidecar[] = []
  let runningMax = 0
  for (let i = 0; i < INSTANCES; i++) {
    let running = 0
    const sidecar = await ScriptedSidecar.start(t, ({ request, response }) => {
      arrivals.push(Number(request.url!.slice(1)))
      runningMax = Math.max(runningMax, ++running)
      setImmediate(() => {
        running--
        response.end('ok')
      })
    })
    sidecars.push(sidecar)
    const before = arrivals.length
    scene.instances(...sidecars.map(({ address }) => address))
    await until('it serves', () => sidecar.arrived.length > 0 || arrivals.length === REQUESTS)
    t.ok(arrivals.length >= before)
  }
  for (const { answer } of pending) {
    const { status } = await answer
    if (status !== 200) t.equal(status, 200)
  }
  t.equal(new Set(arrivals).size, REQUESTS, 'each once')
  t.ok(runningMax <= limit, `${runningMax} at an instance at the same time`)
  // What one instance gets is in the order of arrival: but for the connections of one step, which may be accepted in another order than they
  // were opened in, for what is under way to it, and for the first request of a connection, which waits until it is accepted there.
  const slack = STEP + limit
  for (const { arrived } of sidecars) {
    let latest = 0
    const seen = new Set<object>()
    for (const { request } of arrived) {
      const isFirst = !seen.has(request.socket)
      seen.add(request.socket)
      const number = Number(request.url!.slice(1))
      if (!isFirst && number < latest - slack) t.fail(`request ${number} came after ${latest}`)
      latest = Math.max(latest, number)
    }
  }
  t.equal(scene.activator.held, 0)
})
