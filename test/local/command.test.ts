// The command as people use it, with the activator and the sidecars as they are built.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { Events } from '../conformance/support/events.ts'
import { within } from '../conformance/support/within.ts'
import { appManifest, ask, folderOf, nobodyRuns } from './support/local.ts'

const PILOTLIGHT = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'pilotlight.js')
const ADDRESS = /^hello: http:\/\/hello\.default\.localhost:(?<port>\d+)$/
const PAGE = /^live page: http:\/\/127\.0\.0\.1:(?<port>\d+)\/$/

/** `pilotlight up` with one manifest. */
class Up {
  readonly lines = new Events<string>('lines of pilotlight')
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  readonly folder: string

  constructor(t: Test, manifest: string, ports: readonly string[] = ['--port', '0']) {
    this.folder = folderOf(t, { 'hello.yaml': manifest })
    t.teardown(() => nobodyRuns(this.folder))
    this.child = spawn(process.execPath, [PILOTLIGHT, 'up', '-f', 'hello.yaml', ...ports], {
      cwd: this.folder,
      env: { ...process.env, NOTES: join(this.folder, 'notes') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const input of [this.child.stdout!, this.child.stderr!])
      createInterface({ input }).on('line', (line) => this.lines.push(line))
    this.exited = new Promise((resolve) => this.child.once('close', resolve))
    t.teardown(async () => {
      this.child.kill('SIGKILL')
      await this.exited
    })
  }

  /** The port that stands in the line that looks so. */
  async port(pattern: RegExp): Promise<number> {
    const line = await this.lines.find(pattern.source, (one) => pattern.test(one))
    return Number(pattern.exec(line)!.groups!['port'])
  }

  code(): Promise<number | null> {
    return within('pilotlight ends', this.exited)
  }
}

function run(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PILOTLIGHT, ...args], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { code: status, stdout, stderr }
}

t.test('up runs a service; ps and explain say what it does; Ctrl-C ends everything', async (t) => {
  const up = new Up(t, appManifest())
  const port = await up.port(ADDRESS)
  const admin = String(await up.port(PAGE))
  const answer = await ask(port)
  t.equal(answer.status, 200)
  await up.lines.find('the cold start', (line) =>
    /^cold start of hello-00001 took .*; 1 request waited$/.test(line),
  )
  const ps = run('ps', '--admin-port', admin)
  t.equal(ps.code, 0)
  t.match(ps.stdout, /^hello-00001 +ready +1\/1 /m)
  for (const which of ['last', String(answer.headers['x-request-id'])]) {
    const explained = run('explain', which, '--admin-port', admin)
    t.equal(explained.code, 0)
    t.match(explained.stdout, /^cold start of hello-00001: .*, served$/m)
    t.match(explained.stdout, /^app opened its port .* █/m)
  }
  up.child.kill('SIGINT')
  t.equal(await up.code(), 0)
  await nobodyRuns(up.folder)
  t.equal(run('ps', '--admin-port', admin).code, 4)
})

t.test('everything ends when the command is killed', async (t) => {
  const up = new Up(t, appManifest({ env: { CHILD: 'yes' } }))
  t.equal((await ask(await up.port(ADDRESS))).status, 200)
  up.child.kill('SIGKILL')
  await up.code()
  await nobodyRuns(up.folder)
})

t.test('a port that is taken is said in one line', async (t) => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.teardown(() => other.close())
  const { port } = other.address() as { port: number }
  // By itself the admin port is the next one, which may be somebody's too.
  const up = new Up(t, appManifest(), ['--port', String(port), '--admin-port', '0'])
  t.equal(await up.code(), 3)
  t.ok(up.lines.all.some((line) => line.includes(`port ${port} is in use`) && line.includes('--port')))
})

t.test('a manifest that cannot be used is said line by line, by up and by validate', async (t) => {
  const bad =
    'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: Hello\nspec:\n  template:\n    spec:\n      timeoutSeconds: -1\n      containers:\n        - image: example.com/hello\n'
  const up = new Up(t, bad)
  t.equal(await up.code(), 3)
  const validated = run('validate', join(up.folder, 'hello.yaml'))
  t.equal(validated.code, 1)
  for (const line of [4, 8, 10]) {
    t.ok(
      up.lines.all.some((one) => one.includes(`hello.yaml:${line}: `)),
      `up names line ${line}`,
    )
    t.match(validated.stderr, new RegExp(`hello\\.yaml:${line}: `), `validate names line ${line}`)
  }
})

t.test('validate says that a manifest is fine, and with --strict that it is not quite', async (t) => {
  const folder = folderOf(t, {
    'good.yaml': appManifest(),
    'so-so.yaml': appManifest({ container: { resources: { requests: { cpu: '1' } } } }),
  })
  const good = run('validate', join(folder, 'good.yaml'))
  t.equal(good.code, 0)
  t.match(good.stdout, /good\.yaml: ok, 1 service/)
  const file = join(folder, 'so-so.yaml')
  t.equal(run('validate', file).code, 0)
  const strict = run('validate', '--strict', file)
  t.equal(strict.code, 1)
  t.match(strict.stderr, /so-so\.yaml:1: .*resources\.requests/)
})
