import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { RunningCommand } from '../support/command.ts'

/** The folder with a manifest that a test runs in. */
function folderOf(test: Test): string {
  return test.testdir({ 'service.yaml': 'kind: Service\n' })
}

const UP = ['up', '--port', '0']

async function told(command: RunningCommand): Promise<Record<string, string>> {
  const [, json] = await command.wrote(/^told (.*)\n/m)
  return JSON.parse(json) as Record<string, string>
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

t.test('up says where services answer, and what happens, in plain lines', async (t) => {
  const command = new RunningCommand(t, UP, { folder: folderOf(t) })
  await command.wrote(/cold start of hello-00001 took 950 ms .*; 2 requests waited\n/)
  t.match(command.stdout, 'hello: http://hello.default.localhost:8080\n')
  t.match(command.stdout, /^live page: http:\/\/127\.0\.0\.1:\d+\/$/m)
  t.match(command.stdout, 'nothing runs yet: the first request starts an instance\n')
  t.match(command.stdout, 'scale of default/hello-00001: 0 → 1 ready, 1 wanted\n')
  t.match(await told(command), {
    ACTIVATOR_PLATFORM: 'local',
    ACTIVATOR_MANIFESTS: 'service.yaml',
    ACTIVATOR_COMMANDS: '{}',
    ACTIVATOR_HOST: '127.0.0.1',
    ACTIVATOR_HTTP_PORT: '0',
    ACTIVATOR_ADMIN_PORT: '0',
    ACTIVATOR_ADMIN_PAGE: 'true',
    ACTIVATOR_LIFELINE: 'ipc',
    ACTIVATOR_LOGGING_LEVEL: 'warn',
    ACTIVATOR_DRAIN_SECONDS: '0',
  })
  command.child.kill('SIGINT')
  t.equal(await command.code(), 0)
  t.match(command.stderr, 'warning: take care (file=a.yaml)\n')
  t.match(command.stdout, 'got SIGTERM\n', 'the activator ended by itself')
  t.notMatch(command.stdout.replace(/^\[hello.*$/m, ''), '\u001b', 'no escape codes of ours')
})

for (const signal of ['SIGTERM', 'SIGHUP'] as const)
  t.test(`${signal} ends as Ctrl-C does`, async (t) => {
    const command = new RunningCommand(t, UP, { folder: folderOf(t) })
    await command.wrote(/cold start/)
    command.child.kill(signal)
    t.equal(await command.code(), 0)
    t.match(command.stdout, 'got SIGTERM')
  })

t.test('a second Ctrl-C ends at once', async (t) => {
  const command = new RunningCommand(t, UP, { folder: folderOf(t), fake: { ignoresTerm: true } })
  const [, pid] = await command.wrote(/^pid (\d+)$/m)
  await command.wrote(/cold start/)
  command.child.kill('SIGINT')
  await command.wrote(/got SIGTERM/)
  command.child.kill('SIGINT')
  t.equal(await command.code(), 130)
  t.notOk(isThere(Number(pid)))
})

t.test('the activator sees that the command was killed', async (t) => {
  const command = new RunningCommand(t, UP, { folder: folderOf(t) })
  const [, port] = await command.wrote(/live page: http:\/\/127\.0\.0\.1:(\d+)/)
  const socket = connect(Number(port), '127.0.0.1')
  t.teardown(() => void socket.destroy())
  await once(socket, 'connect')
  command.child.kill('SIGKILL')
  const signal = AbortSignal.timeout(20_000)
  socket.on('error', () => {}).resume()
  await once(socket, 'close', { signal })
  t.equal(await command.code(), null)
})

t.test('an activator that cannot start', async (t) => {
  const message =
    '"http1": port 9 on 0.0.0.0 is in use: name a free one, or 0 for any\nACTIVATOR_COMMANDS is "x": no'
  const command = new RunningCommand(t, ['up', '--port', '9'], {
    folder: folderOf(t),
    fake: { fails: message },
  })
  t.equal(await command.code(), 3)
  t.equal(
    command.stderr,
    'pilotlight: port 9 is in use by another program: choose another with --port\npilotlight: --command is "x": no\n',
  )
})

t.test('an activator that ends before it serves', async (t) => {
  const command = new RunningCommand(t, UP, { folder: folderOf(t), fake: { ends: 7 } })
  t.equal(await command.code(), 3)
  t.match(command.stderr, 'the activator could not start: its exit code is 7')
})

t.test('an activator that ends unexpectedly', async (t) => {
  const command = new RunningCommand(t, UP, { folder: folderOf(t), fake: { dies: 7 } })
  t.equal(await command.code(), 1)
  t.match(command.stderr, 'the activator ended unexpectedly: its exit code is 7')
})

t.test('manifests from a folder, from standard input, and commands', async (t) => {
  const folder = folderOf(t)
  mkdirSync(join(folder, 'deploy'))
  for (const name of ['b.yaml', 'a.json', 'c.yml', 'notes.txt'])
    writeFileSync(join(folder, 'deploy', name), '')
  const argv = [...UP, '-f', 'deploy', '-f', '-', '--command', 'hello=node server.js', '--no-page', '-v']
  const command = new RunningCommand(t, argv, { folder, input: 'kind: Service' })
  await command.wrote(/cold start/)
  t.match(await told(command), {
    ACTIVATOR_MANIFESTS: 'deploy/a.json:deploy/b.yaml:deploy/c.yml:-',
    ACTIVATOR_COMMANDS: '{"hello":"node server.js"}',
    ACTIVATOR_ADMIN_PAGE: 'false',
    ACTIVATOR_LOGGING_LEVEL: 'info',
    input: 'kind: Service',
  })
  command.child.kill('SIGINT')
  t.equal(await command.code(), 0)
})

t.test('without a manifest it says what to do', async (t) => {
  const command = new RunningCommand(t, UP, { folder: t.testdir({}) })
  t.equal(await command.code(), 2)
  t.match(command.stderr, 'there is no pilotlight.yaml and no service.yaml in')
})

t.test('run makes a manifest of a command', async (t) => {
  const folder = t.testdir({})
  const argv = [
    'run',
    '--port',
    '0',
    '--concurrency',
    '1',
    '-e',
    'A=b$$',
    '--h2c',
    '--',
    'node',
    'server.js',
    '--x',
  ]
  const command = new RunningCommand(t, argv, { folder })
  await command.wrote(/cold start/)
  const { spec } = JSON.parse((await told(command)).input) as { spec: { template: { spec: object } } }
  t.match(spec.template.spec, {
    containerConcurrency: 1,
    timeoutSeconds: 300,
    containers: [
      {
        command: ['node', 'server.js', '--x'],
        env: [{ name: 'A', value: 'b$$$$' }],
        ports: [{ name: 'h2c' }],
      },
    ],
  })
  command.child.kill('SIGINT')
  t.equal(await command.code(), 0)
})

t.test('ps and explain ask what runs', async (t) => {
  const up = new RunningCommand(t, UP, { folder: folderOf(t) })
  const [, port] = await up.wrote(/live page: http:\/\/127\.0\.0\.1:(\d+)/)
  const ask = async (...argv: string[]): Promise<{ code: number | null; command: RunningCommand }> => {
    const command = new RunningCommand(t, [...argv, '--admin-port', port])
    return { code: await command.code(), command }
  }
  const ps = await ask('ps')
  t.equal(ps.code, 0)
  t.match(ps.command.stdout, /^hello-00001 +zero +0\/0/m)
  const json = await ask('ps', '--json')
  t.match(JSON.parse(json.command.stdout), { version: 1 })
  const last = await ask('explain', 'last')
  t.equal(last.code, 0)
  t.match(last.command.stdout, 'Most of the time, 800 ms or 84 %, went into the app itself')
  const one = await ask('explain', 'abc')
  t.match(one.command.stdout, 'request abc had status 200 from hello-00001-x7k2p')
  const unknown = await ask('explain', 'other')
  t.equal(unknown.code, 1)
  t.equal(unknown.command.stderr, 'pilotlight: nothing is known of it\n')
  const watching = new RunningCommand(t, ['ps', '--watch', '--json', '--admin-port', port])
  await watching.wrote(/"wanted":1/)
  watching.child.kill('SIGINT')
  t.equal(await watching.code(), 0)
})

t.test('nothing runs', async (t) => {
  // A port that nobody else takes in the meantime is one that was just given back.
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  const command = new RunningCommand(t, ['ps', '--admin-port', String(port)])
  t.equal(await command.code(), 4)
  t.equal(
    command.stderr,
    `pilotlight: nothing runs at http://127.0.0.1:${port}: start one with pilotlight up, or name its port with --admin-port\n`,
  )
})
