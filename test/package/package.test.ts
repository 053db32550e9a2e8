// The package as others get it: one file, installed where nothing of this repository can be found.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { Events } from '../conformance/support/events.ts'
import { within } from '../conformance/support/within.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const NPM_MS = 120_000

const folder = mkdtempSync(join(tmpdir(), 'pilotlight-package-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

function run(command: string, args: readonly string[], cwd = folder): string {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: NPM_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

const built = join(ROOT, 'packages', 'queue-proxy', 'dist', 'bin')
const files = (): string[] => readdirSync(built).map((name) => `${name} ${statSync(join(built, name)).ino}`)
const before = files()
// Nothing but the file: no registry, no scripts.
run('npm', ['pack', '--silent', '--pack-destination', folder, join(ROOT, 'deploy', 'npm')], ROOT)
const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!
run('npm', [
  'install',
  '--offline',
  '--no-audit',
  '--no-fund',
  '--ignore-scripts',
  '--prefix',
  folder,
  join(folder, tarball),
])
const bin = (name: string): string => join(folder, 'node_modules', '.bin', name)

t.test('what was built for the repository stays as it is: its tests run beside this one', async (t) => {
  t.strictSame(files(), before)
})

t.test('it has three commands and needs no other package', async (t) => {
  t.strictSame(readdirSync(join(folder, 'node_modules', '.bin')).toSorted(), [
    'activator',
    'pilotlight',
    'queue-proxy',
  ])
  t.strictSame(
    readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['pilotlight'],
  )
  t.match(run(bin('pilotlight'), ['--version']), /^(?:pilotlight )?\d+\.\d+\.\d+/)
})

t.test('it says whose licences are in it', async (t) => {
  const notices = run('cat', [join(folder, 'node_modules', 'pilotlight', 'NOTICES')])
  for (const name of ['pino', 'undici', 'yaml', 'prom-client', 'hdr-histogram-js'])
    t.match(notices, `\n${name} `)
})

t.test('its services say what they miss', async (t) => {
  for (const [name, says] of [
    ['activator', /ACTIVATOR_CONFIG is not set/],
    ['queue-proxy', /CONTAINER_CONCURRENCY/],
  ] as const) {
    let said = ''
    try {
      run(bin(name), [])
    } catch (error) {
      said = (error as { stderr: string }).stderr
    }
    t.match(said, says)
  }
})

t.test('it runs a service from zero', async (t) => {
  writeFileSync(
    join(folder, 'server.mjs'),
    "import { createServer } from 'node:http'\ncreateServer((_, response) => response.end('from the package')).listen(process.env.PORT)\n",
  )
  const child = spawn(bin('pilotlight'), ['run', '--port', '0', '--', process.execPath, 'server.mjs'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise((resolve) => child.once('close', resolve))
  t.teardown(() => child.kill('SIGKILL'))
  const lines = new Events<string>('lines of pilotlight')
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on('line', (line) => lines.push(line))
  const line = await lines.find('the address', (one) => /http:\/\/app\.default\.localhost:\d+/.test(one))
  const [, port] = /localhost:(\d+)/.exec(line)!
  const answer = await within('it answers', fetch(`http://127.0.0.1:${port}/`))
  t.equal(await answer.text(), 'from the package')
  child.kill('SIGTERM')
  await within('it ends', exited)
})
