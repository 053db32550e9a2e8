// What somebody does who sees this repository for the first time: the commands of README.md, as they stand there, in a clean clone.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { Events } from '../conformance/support/events.ts'
import { eventually, within } from '../conformance/support/within.ts'
import { blockWith, ROOT } from './commands.ts'

const INSTALL_MS = 5 * 60_000
const skip =
  process.env['NEWCOMER'] === 'yes'
    ? false
    : 'it installs everything once more from the registry, and needs port 8080: NEWCOMER=yes runs it, as .ci/run does'

/** What a shell of somebody else has set: nothing that npm or this repository put there. */
const environment: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(?:TAP|_TAPJS|NODE_|INIT_CWD|npm_(?!config_)|npm_config_local_prefix)/.test(name),
  ),
)
environment['PATH'] = process.env['PATH']!.split(':')
  .filter((folder) => !folder.startsWith(ROOT))
  .join(':')

/** The command line that runs a shell `command`: tap gives every process it sees started a NODE_OPTIONS. */
function shell(command: string): [string, string[]] {
  return ['env', ['-u', 'NODE_OPTIONS', 'sh', '-ec', command]]
}

/** A command that goes on until it is told to end. */
class Running {
  readonly lines = new Events<string>('lines of the command')
  readonly exited: Promise<number | null>
  readonly #child: ChildProcess

  constructor(t: Test, command: string, folder: string) {
    // A terminal has the command and all that it starts in one group, and Ctrl-C goes to all of them.
    this.#child = spawn(...shell(command), {
      cwd: folder,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      createInterface({ input: stream }).on('line', (line) => this.lines.push(line))
    this.exited = new Promise((resolve) => this.#child.once('close', resolve))
    t.teardown(async () => {
      this.#kill('SIGKILL')
      await this.exited
    })
  }

  interrupt(): void {
    this.#kill('SIGINT')
  }

  #kill(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.#child.pid!, signal)
    } catch {
      // It has ended.
    }
  }
}

t.test('the commands of the README, in a clean clone', { skip, timeout: 3 * INSTALL_MS }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-newcomer-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  execFileSync('git', ['clone', '--quiet', ROOT, folder])
  const sh = (command: string): string =>
    execFileSync(...shell(command), { cwd: folder, env: environment, encoding: 'utf8', timeout: INSTALL_MS })

  await t.test('the first one has a service running', async (t) => {
    const started = new Running(t, blockWith('npm ci && npm start'), folder)
    await started.lines.find(
      'the address',
      (line) => line.includes('http://hello.default.localhost:8080'),
      INSTALL_MS,
    )
    const [curl, ps, explain] = blockWith('npx pilotlight ps').trim().split('\n')
    t.equal(sh(curl), 'Hello World!\n')
    t.match(sh(ps), /hello-00001/)
    t.match(sh(explain), /ready/)
    started.interrupt()
    await within('it ends', started.exited)
  })

  for (const [line, ask, answer] of [
    [
      'npx pilotlight run --concurrency 10 --max-scale 5 -- node examples/hello/server.js',
      'curl -s http://localhost:8080',
      /^Hello World!\n$/,
    ],
    [
      'npx pilotlight up -f examples/canary/service.yaml',
      'curl -s http://shop.default.localhost:8080',
      /^Hello version [12]!\n$/,
    ],
  ] as const)
    await t.test(line, async (t) => {
      const started = new Running(t, blockWith(line), folder)
      await eventually(
        'it answers',
        () => Promise.resolve(tried(() => sh(ask))),
        (text) => answer.test(text),
      )
      started.interrupt()
      await within('it ends', started.exited)
      t.equal(
        tried(() => sh(ask)),
        '',
        'nobody answers any more',
      )
    })

  await t.test('the package is one file', async (t) => {
    const made = sh(blockWith('npm pack ./deploy/npm')).trim().split('\n').at(-1)!
    t.match(made, /^pilotlight-.*\.tgz$/)
  })
})

function tried(ask: () => string): string {
  try {
    return ask()
  } catch {
    return ''
  }
}
