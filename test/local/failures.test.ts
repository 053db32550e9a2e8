import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { eventually } from '../conformance/support/within.ts'
import { ServiceProcess } from '../integration/support/service-process.ts'
import { appManifest, folderOf, Local } from './support/local.ts'

t.test('an app that crashes as it starts is told to those who wait, at once', async (t) => {
  const local = await Local.start(t, { 'hello.yaml': appManifest({ env: { EXIT_CODE: '3' } }) })
  const answer = await local.ask()
  t.equal(answer.status, 503)
  t.equal(
    answer.body,
    'hello-00001 cannot be started: its process ended with exit code 3 before it was ready\n',
  )
  t.match(answer.headers['retry-after'], /^\d+$/)
  await local.service.logged('failed: its process ended')
  await local.service.lines.find('its last words', (line) => /^\[hello-00001-.{5}\] cannot go on$/.test(line))
})

t.test('a command that is not there is told at once', async (t) => {
  const local = await Local.start(t, {
    'hello.yaml': appManifest({ container: { command: ['no-such-program'] } }),
  })
  const answer = await local.ask()
  t.equal(answer.status, 503)
  t.match(answer.body, /^hello-00001 cannot be started: .*no-such-program/)
})

t.test('an app that ends while it serves is replaced', async (t) => {
  const local = await Local.start(t, { 'hello.yaml': appManifest() })
  const before = await local.ask()
  t.equal((await local.ask({ path: '/crash' })).status, 502)
  const after = await eventually(
    'it answers again',
    () => local.ask(),
    ({ status }) => status === 200,
  )
  t.not(after.body, before.body)
})

t.test('everything that was started ends with the activator, in whatever way that ends', async (t) => {
  const ends = async (signal: NodeJS.Signals): Promise<void> => {
    const local = await Local.start(t, {
      'hello.yaml': appManifest({ env: { CHILD: 'yes', IGNORE_TERM: 'yes' } }),
    })
    await local.ask()
    t.equal(local.alive.length, 2, 'the app and its own child run')
    local.service.signal(signal)
    await local.service.ended()
    await local.nobodyRuns()
  }
  await Promise.all([ends('SIGTERM'), ends('SIGKILL')])
})

t.test('all that is wrong with the manifests is told at once, and nothing starts', async (t) => {
  const folder = folderOf(t, {
    'bad.yaml':
      'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: Hello\nspec:\n  template:\n    spec:\n      containerConcurrency: many\n      containers:\n        - image: example.com/hello\n',
  })
  const failure = await ServiceProcess.start(t, {
    script: join(import.meta.dirname, '..', '..', 'packages', 'activator', 'src', 'main.ts'),
    startedBy: 'Starting the knative activator',
    env: {
      ACTIVATOR_PLATFORM: 'local',
      ACTIVATOR_MANIFESTS: join(folder, 'bad.yaml'),
      ACTIVATOR_HTTP_PORT: '0',
      ACTIVATOR_H2C_PORT: '0',
    },
  }).then(
    () => 'it started',
    (error: Error) => error.message,
  )
  for (const place of ['bad.yaml:4: ', 'bad.yaml:8: ', 'bad.yaml:10: ']) t.match(failure, place)
})

t.test('a port that is taken is told', async (t) => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, resolve))
  t.teardown(() => other.close())
  const { port } = other.address() as { port: number }
  const failure = await Local.start(
    t,
    { 'hello.yaml': appManifest() },
    { ACTIVATOR_HTTP_PORT: String(port) },
  ).then(
    () => 'it started',
    (error: Error) => error.message,
  )
  t.match(failure, new RegExp(`port ${port} on .* is in use`))
})
