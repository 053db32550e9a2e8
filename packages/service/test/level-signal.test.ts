import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import t, { type Test } from 'tap'
import { within } from './support/within.ts'

const FIXTURE = join(import.meta.dirname, 'fixtures', 'log-on-demand.ts')

interface LogLine {
  readonly severity: string
  readonly message: string
  readonly configured?: string
}

/** A process that logs, its lines one by one. */
class LoggingProcess {
  readonly #child
  readonly #lines: AsyncIterator<string>

  constructor(t: Test, level: string, args: readonly string[]) {
    this.#child = spawn(process.execPath, ['--conditions=@pilotlight/source', FIXTURE, ...args], {
      env: { ...process.env, LEVEL: level },
    })
    t.teardown(() => this.#child.kill('SIGKILL'))
    const log: Interface = createInterface({ input: this.#child.stderr })
    this.#lines = log[Symbol.asyncIterator]()
  }

  async started(): Promise<void> {
    await within('the start of the process', once(this.#child.stdout, 'data'))
  }

  signal(): void {
    this.#child.kill('SIGUSR2')
  }

  ask(text: string): void {
    this.#child.stdin.write(`${text}\n`)
  }

  async next(): Promise<LogLine> {
    const { value } = await within('a line of the log', this.#lines.next())
    return JSON.parse(String(value)) as LogLine
  }

  /** Its exit code, once its input has ended. */
  async end(): Promise<number | null> {
    const exit = once(this.#child, 'exit')
    this.#child.stdin.end()
    const [code] = (await within('the end of the process', exit)) as [number | null]
    return code
  }
}

const skip = process.platform === 'win32' ? 'Windows has no SIGUSR2' : false

for (const [level, args] of [
  ['info', []],
  ['error', []],
  ['error', ['pino']],
] as const)
  t.test(`SIGUSR2 switches between ${level} and debug ${args.join(' ')}`, { skip }, async (t) => {
    const logging = new LoggingProcess(t, level, args)
    await logging.started()
    logging.ask('1')
    t.match(await logging.next(), { severity: 'ERROR', message: 'error 1' }, 'no debug line at first')
    for (const round of ['2', '3']) {
      logging.signal()
      const on = {
        severity: 'INFO',
        message: 'SIGUSR2: the log level is debug from here on',
        configured: level,
      }
      t.match(await logging.next(), on)
      logging.ask(round)
      t.match(await logging.next(), { severity: 'DEBUG', message: `debug ${round}` })
      t.match(await logging.next(), { severity: 'ERROR', message: `error ${round}` })

      logging.signal()
      t.match(await logging.next(), {
        severity: 'INFO',
        message: `SIGUSR2: the log level is ${level} from here on`,
      })
      logging.ask(`${round} after`)
      t.match(await logging.next(), { severity: 'ERROR', message: `error ${round} after` })
    }
    t.equal(await logging.end(), 0)
  })

t.test('a process that is at debug stays there', { skip }, async (t) => {
  const logging = new LoggingProcess(t, 'debug', [])
  await logging.started()
  for (const round of ['1', '2']) {
    logging.signal()
    t.equal((await logging.next()).message, 'SIGUSR2: the log level is debug from here on')
    logging.ask(round)
    t.equal((await logging.next()).message, `debug ${round}`)
    t.equal((await logging.next()).message, `error ${round}`)
  }
  t.equal(await logging.end(), 0)
})
