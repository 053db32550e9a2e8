import t from 'tap'
import { eventually } from '../conformance/support/within.ts'
import { appManifest, Local } from './support/local.ts'

/** Short windows: what takes minutes with the defaults takes seconds. */
const SOON = {
  'autoscaler.yaml': JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'config-autoscaler' },
    data: { 'scale-to-zero-grace-period': '1s' },
  }),
}

t.test('nothing runs until a request comes, and then the app answers it', async (t) => {
  const local = await Local.start(t, { 'hello.yaml': appManifest() })
  t.strictSame(local.alive, [])
  const answer = await local.ask()
  t.equal(answer.status, 200)
  t.match(answer.body, /^version 1 of \d+\n$/)
  t.equal(local.alive.length, 1)
})

t.test('a service that is alone answers at any host', async (t) => {
  const local = await Local.start(t, { 'hello.yaml': appManifest() })
  const answer = await local.ask({ host: 'shop.example' })
  t.equal(answer.status, 200)
})

t.test('one among others answers at its own host alone', async (t) => {
  const local = await Local.start(t, {
    'a.yaml': appManifest({ name: 'a', env: { VERSION: 'a' } }),
    'b.yaml': appManifest({ name: 'b', env: { VERSION: 'b' } }),
  })
  const [a, b, other] = await Promise.all([
    local.ask({ host: 'a.default.localhost' }),
    local.ask({ host: 'b.default.localhost:8080' }),
    local.ask({ host: 'shop.example' }),
  ])
  t.match(a.body, /^version a /)
  t.match(b.body, /^version b /)
  t.equal(other.status, 404)
})

t.test('many requests are many instances, and none of them is lost', async (t) => {
  const local = await Local.start(t, {
    'hello.yaml': appManifest({ spec: { containerConcurrency: 1 }, annotations: { 'max-scale': '3' } }),
  })
  const answers = await Promise.all(Array.from({ length: 12 }, () => local.ask({ path: '/?ms=100' })))
  t.strictSame(
    answers.map(({ status }) => status),
    Array.from({ length: 12 }, () => 200),
  )
  const running = await eventually(
    'three instances',
    async () => {
      await Promise.all(Array.from({ length: 6 }, () => local.ask({ path: '/?ms=100' })))
      return local.alive.length
    },
    (count) => count === 3,
  )
  t.equal(running, 3)
})

t.test('without requests the last instance ends, and the next request starts another', async (t) => {
  const local = await Local.start(t, {
    ...SOON,
    'hello.yaml': appManifest({ annotations: { window: '6s' } }),
  })
  const first = await local.ask()
  await local.nobodyRuns()
  const second = await local.ask()
  t.equal(second.status, 200, second.body)
  t.not(first.body, second.body)
})

t.test('a minimum runs without being asked', async (t) => {
  const local = await Local.start(t, { 'hello.yaml': appManifest({ annotations: { minScale: '2' } }) })
  await eventually(
    'two instances',
    () => Promise.resolve(local.alive.length),
    (count) => count === 2,
  )
  const answer = await local.ask()
  t.equal(answer.status, 200, answer.body)
})
