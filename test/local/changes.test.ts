import t from 'tap'
import { eventually } from '../conformance/support/within.ts'
import { appManifest, Local } from './support/local.ts'

t.test('a changed manifest is a new revision, which takes over without losing a request', async (t) => {
  const local = await Local.start(t, { 'hello.yaml': appManifest({ env: { VERSION: '1' } }) })
  await local.ask()
  const statuses = new Set<number>()
  const done = new AbortController()
  // Four callers who never pause, through all of it.
  const callers = Array.from({ length: 4 }, async () => {
    while (!done.signal.aborted) statuses.add((await local.ask({ path: '/?ms=5' })).status)
  })
  const slow = local.ask({ path: '/?ms=1500' })
  local.replace('hello.yaml', appManifest({ env: { VERSION: '2' } }))
  await eventually(
    'version 2 answers',
    async () => (await local.ask()).body,
    (body) => body.startsWith('version 2 '),
  )
  t.match((await slow).body, /^version 1 /, 'what the old one had it finishes')
  await eventually(
    'the old one ends',
    () => Promise.resolve(local.alive.length),
    (count) => count === 1,
  )
  done.abort()
  await Promise.all(callers)
  t.strictSame([...statuses], [200])
})

t.test('a new revision that cannot start leaves the old one in place', async (t) => {
  const local = await Local.start(t, { 'hello.yaml': appManifest({ env: { VERSION: '1' } }) })
  await local.ask()
  local.replace('hello.yaml', appManifest({ env: { VERSION: '2', EXIT_CODE: '3' } }))
  await local.service.logged('The new revision hello-00002 cannot be started; hello-00001 stays in place.')
  t.match((await local.ask()).body, /^version 1 /)
  local.replace('hello.yaml', appManifest({ env: { VERSION: '3' } }))
  await eventually(
    'version 3 answers',
    async () => (await local.ask()).body,
    (body) => body.startsWith('version 3 '),
  )
})

t.test('a manifest that cannot be used changes nothing, and is told', async (t) => {
  const local = await Local.start(t, { 'hello.yaml': appManifest() })
  await local.ask()
  local.replace('hello.yaml', appManifest({ spec: { containerConcurrency: -1 } }))
  const line = await local.service.logged('The manifests changed and cannot be used')
  t.match(line['problems'], [/hello\.yaml:1: .*containerConcurrency.*-1/])
  t.equal((await local.ask()).status, 200)
})

t.test('a share of the requests goes to a revision that the file had before', async (t) => {
  const local = await Local.start(t, { 'hello.yaml': appManifest({ env: { VERSION: '1' } }) })
  await local.ask()
  const traffic = [
    { revisionName: 'hello-00001', percent: 50, tag: 'old' },
    { latestRevision: true, percent: 50, tag: 'new' },
  ]
  local.replace('hello.yaml', appManifest({ env: { VERSION: '2' }, traffic }))
  const seen = new Set<string>()
  await eventually(
    'both answer',
    async () => seen.add((await local.ask()).body.slice(0, 9)).size,
    (size) => size === 2,
  )
  t.match((await local.ask({ host: 'old-hello.default.localhost' })).body, /^version 1 /)
  t.match((await local.ask({ host: 'new-hello.default.localhost' })).body, /^version 2 /)
})
