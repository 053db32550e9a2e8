import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { eventually } from '../../conformance/support/within.ts'
import { send } from '../../integration/support/client.ts'
import { freePort } from '../../support/free-port.ts'

/** What a query came to. */
export interface Result {
  /** Empty when there was none. */
  readonly problem: string
  /** Series of the answer. */
  readonly count: number
  /** Of the first series; NaN without one. */
  readonly value: number
}

/** A Prometheus that scrapes some ports every second. It ends with its test. */
export class Prometheus {
  readonly #port: number

  private constructor(port: number) {
    this.#port = port
  }

  /** Starts it. Resolves when every target was scraped. */
  static async start(t: Test, ports: readonly number[]): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'pilotlight-prometheus-'))
    const targets = ports.map((port) => `127.0.0.1:${port}`)
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      scrape_configs: [{ job_name: 'pilotlight', static_configs: [{ targets }] }],
    }
    const file = join(folder, 'prometheus.yml')
    await writeFile(file, JSON.stringify(config))
    const port = await freePort()
    const child = spawn(
      'prometheus',
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      { stdio: 'ignore' },
    )
    const kill = (): void => void child.kill('SIGKILL')
    process.once('exit', kill)
    t.teardown(async () => {
      process.off('exit', kill)
      await end(child)
      await rm(folder, { recursive: true, force: true })
    })
    const prometheus = new Prometheus(port)
    await prometheus.answers('sum(up)', (value) => value === ports.length)
    return prometheus
  }

  /** What a query comes to now. */
  async query(text: string): Promise<Result> {
    const { status, body } = await send(this.#port, {
      path: `/api/v1/query?query=${encodeURIComponent(text)}`,
    }).answer
    const { error, data } = JSON.parse(body.toString()) as {
      error?: string
      data?: { result: { value: [number, string] }[] }
    }
    const found = data?.result ?? []
    return {
      problem: status === 200 ? '' : `${status} ${error}`,
      count: found.length,
      value: found.length === 0 ? Number.NaN : Number(found[0].value[1]),
    }
  }

  /** The value that a query comes to now; NaN for none. Throws when it cannot be read. */
  async ask(text: string): Promise<number> {
    const { problem, value } = await this.query(text)
    if (problem !== '') throw new Error(`${text}: ${problem}`)
    return value
  }

  /** Asks until the value is wanted, since what was done is seen with the next scrape. Resolves with it. */
  answers(text: string, isWanted: (value: number) => boolean): Promise<number> {
    // Until it listens there is nobody to ask.
    return eventually(text, () => this.ask(text).catch(() => Number.NaN), isWanted)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const over = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await over
}
