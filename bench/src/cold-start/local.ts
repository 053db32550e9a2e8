/** From zero to an answer on one machine: the activator, the queue-proxy and the app, all of them processes. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from '../process/launch.ts'
import { progress } from '../question/ask.ts'
import { medianFigure, p99, p99Figure } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { lowPort } from '../queue-proxy/low-port.ts'
import type { Setup } from '../queue-proxy/setup.ts'

const HELLO = fileURLToPath(new URL('./hello.cjs', import.meta.url))
const ACTIVATOR = fileURLToPath(new URL('../../../packages/activator/dist/main.js', import.meta.url))
const START_MS_MAX = 20_000
/** Services of one activator; each is woken once, and goes on running. */
const SERVICES = 6

/** The whole way from nothing to an answer, beside the start of the same app alone. */
export const localPart: Part<Setup> = {
  name: 'local',
  says: 'on one machine: from zero to an answer, beside the same app started alone',
  isGated: true,
  measure: measureLocal,
}

/** Milliseconds. */
interface Starts {
  /** From exec to listening, alone. */
  readonly bare: number[]
  /** From the request to its answer, from zero. */
  readonly whole: number[]
  /** From the listening app to the request that reaches it. */
  readonly tax: number[]
}

async function measureLocal({ cores, rounds }: Setup): Promise<Outcome> {
  // This process is pinned, and what it starts would be too; here everything shares the machine as it does on anybody's desk.
  const all = cores.proxy === null ? null : `0-${cpus().length - 1}`
  const starts: Starts = { bare: [], whole: [], tax: [] }
  while (starts.whole.length < rounds) {
    await someStarts(Math.min(SERVICES, rounds - starts.whole.length), starts, all)
    progress(`local ${starts.whole.length}/${rounds}`)
  }
  const row = (name: string, values: readonly number[], says: string): string[] => [
    name,
    cell(medianFigure('', '', values)[0]?.value, 2),
    cell(p99(values), 2),
    cell(Math.min(...values), 2),
    cell(Math.max(...values), 2),
    says,
  ]
  const [bare] = medianFigure('', '', starts.bare)
  const [whole] = medianFigure('', '', starts.whole)
  return {
    table: [
      ['', 'median ms', 'p99 ms', 'lowest', 'highest', ''],
      row('bare', starts.bare, 'the app alone, from exec to listening'),
      row('from zero', starts.whole, 'from the request to its answer: app and sidecar start side by side'),
      row('tax', starts.tax, 'from the listening app to the request that reaches it'),
    ],
    notes: [`${rounds} starts each, in turns`],
    figures: [
      ...medianFigure('local.tax.median', ' ms', starts.tax),
      ...p99Figure('local.tax.p99', ' ms', starts.tax),
      ...medianFigure('local.fromZero/bare', 'x', [whole.value / bare.value]),
    ],
    complaints: [],
    details: { ...starts },
  }
}

async function someStarts(count: number, { bare, whole, tax }: Starts, cores: string | null): Promise<void> {
  const names = Array.from({ length: count }, (_, i) => `hello-${i}`)
  const activator = await startActivator(names, cores)
  try {
    for (const name of names) {
      bare.push(await startAlone(cores))
      const askedAt = process.hrtime.bigint()
      const answer = await ask(activator.port, `${name}.default.localhost`)
      whole.push(Number(process.hrtime.bigint() - askedAt) / 1e6)
      tax.push(Number(BigInt(answer.askedAt) - BigInt(answer.listenedAt)) / 1e6)
    }
  } finally {
    activator.process.kill('SIGTERM')
    await once(activator.process, 'exit')
  }
}

async function startAlone(cores: string | null): Promise<number> {
  const env = { PATH: process.env['PATH'], PORT: String(await lowPort()) }
  const began = process.hrtime.bigint()
  const app = new Child({ command: [process.execPath, HELLO], cores, env, stopSignal: 'KILL' })
  try {
    const listenedAt = BigInt(await app.firstLine(START_MS_MAX))
    return Number(listenedAt - began) / 1e6
  } finally {
    await app.stop()
  }
}

async function startActivator(
  names: readonly string[],
  cores: string | null,
): Promise<{ process: ChildProcess; port: number }> {
  const file = join(mkdtempSync(join(tmpdir(), 'pilotlight-bench-')), 'services.yaml')
  writeFileSync(file, names.map((name) => `${JSON.stringify(manifest(name))}\n`).join('---\n'))
  const pinned = cores === null ? {} : { execPath: 'taskset', execArgv: ['-c', cores, process.execPath] }
  const child = fork(ACTIVATOR, {
    ...pinned,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {
      PATH: process.env['PATH'],
      ACTIVATOR_PLATFORM: 'local',
      ACTIVATOR_MANIFESTS: file,
      ACTIVATOR_HTTP_PORT: '0',
      ACTIVATOR_H2C_PORT: '0',
      ACTIVATOR_DRAIN_SECONDS: '0',
      ACTIVATOR_LIFELINE: 'ipc',
    },
  })
  const [message] = (await once(child, 'message')) as [
    { type: string; ports?: Record<string, number>; message?: string },
  ]
  if (message.ports === undefined) throw new Error(`the activator did not start: ${message.message}`)
  return { process: child, port: message.ports['http1'] }
}

function manifest(name: string): object {
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name },
    spec: { template: { spec: { containers: [{ command: [process.execPath, HELLO] }] } } },
  }
}

function ask(port: number, host: string): Promise<{ listenedAt: string; askedAt: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, headers: { host } }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(body) as { listenedAt: string; askedAt: string })
        else reject(new Error(`${host} was answered with ${response.statusCode}: ${body}`))
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}
