/** What the activator adds between an instance that becomes ready and the held request that reaches it. */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { progress } from '../question/ask.ts'
import { medianFigure, p99, p99Figure } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { Instance, type InstanceConnection } from './instance.ts'
import type { RunningActivator } from './program.ts'
import type { Setup } from './setup.ts'
import { until } from './until.ts'

/** Cold starts for each round that the command line asks for. */
const STARTS = 100
/** A request waits for this long at least before its instance is ready, and up to so much longer, ms. */
const HELD_MS = 5
const SPREAD_MS = 20
/** Has no factor in common with {@link SPREAD_MS}. */
const SPREAD_STEP = 7
const ARRIVAL_MS_MAX = 10_000

/** Milliseconds from the answered probe to the request. */
export const handoverPart: Part<Setup> = {
  name: 'handover',
  says: 'from the answer of the waiting probe to the first byte of the held request, at the instance',
  isGated: true,
  measure: measureHandover,
}

/** An instance that is cold: its probe waits until it is told to be ready. */
class ColdInstance {
  readonly listener: Instance
  #probe: InstanceConnection | null = null
  #arrivedAt = 0n

  private constructor(listener: Instance) {
    this.listener = listener
  }

  static async start(): Promise<ColdInstance> {
    const made: { cold?: ColdInstance } = {}
    const listener = await Instance.start({
      onProbe(connection) {
        made.cold!.#probe = connection
      },
      onRequest(connection) {
        made.cold!.#arrivedAt = process.hrtime.bigint()
        connection.answer()
      },
      onClose(connection) {
        // The next probe has a connection of its own.
        if (made.cold!.#probe === connection) made.cold!.#probe = null
      },
    })
    made.cold = new ColdInstance(listener)
    return made.cold
  }

  /** Waits until the activator asks. */
  async probed(): Promise<void> {
    await until(
      () => 'the activator did not probe',
      () => this.#probe !== null,
      ARRIVAL_MS_MAX,
    )
  }

  /** Answers the probe; returns how long it took the request to come, in ms. */
  async handover(): Promise<number> {
    if (this.#arrivedAt !== 0n) throw new Error('the request came before the instance was ready')
    await this.probed()
    const readyAt = process.hrtime.bigint()
    this.#probe!.answerReady()
    await until(
      () => 'the held request did not come',
      () => this.#arrivedAt !== 0n,
      ARRIVAL_MS_MAX,
    )
    return Number(this.#arrivedAt - readyAt) / 1e6
  }
}

async function measureHandover(setup: Setup): Promise<Outcome> {
  const starts = setup.rounds * STARTS
  const cold: ColdInstance[] = []
  let activator: RunningActivator | null = null
  const delays: number[] = []
  try {
    for (let i = 0; i < starts; i++) cold.push(await ColdInstance.start())
    const revisions = cold.map(({ listener }, i) => ({
      name: `hello-${i}`,
      containerConcurrency: 0,
      endpoints: [listener.address],
      host: hostOf(i),
    }))
    activator = await setup.activator.start({ revisions, cores: setup.cores.proxy, scratch: setup.scratch })
    for (const instance of cold) await instance.probed()
    for (const [i, instance] of cold.entries()) {
      delays.push(await coldStart(activator.port, hostOf(i), instance, i))
      if ((i + 1) % STARTS === 0) progress(`handover ${i + 1}/${starts}`)
    }
  } finally {
    await activator?.stop()
    for (const { listener } of cold) listener.close()
  }
  return {
    table: [
      ['starts', 'median ms', 'p99 ms', 'lowest', 'highest'],
      [
        String(starts),
        cell(medianFigure('', '', delays)[0].value, 2),
        cell(p99(delays), 2),
        cell(Math.min(...delays), 2),
        cell(Math.max(...delays), 2),
      ],
    ],
    notes: ['one activator, each start a revision of its own; the first starts, with cold code, are in it'],
    figures: [...medianFigure('handover.median', ' ms', delays), ...p99Figure('handover.p99', ' ms', delays)],
    complaints: [],
    details: { delays },
  }
}

function hostOf(i: number): string {
  return `hello-${i}.example.com`
}

async function coldStart(port: number, host: string, instance: ColdInstance, i: number): Promise<number> {
  const caller = await call(port, host)
  try {
    await sleep(HELD_MS + ((i * SPREAD_STEP) % SPREAD_MS))
    return await instance.handover()
  } finally {
    caller.destroy()
  }
}

function call(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      socket.resume()
      resolve(socket)
    })
  })
}
