/** Memory of requests that wait for a slot. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { progress } from '../question/ask.ts'
import { medianFigure, pairs, quotient } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { HELD_PATH, HoldingApp } from './holding-app.ts'
import { load } from './load.ts'
import { readMemory } from './memory.ts'
import { rotated, type Setup } from './setup.ts'
import { KNATIVE, OURS, type SidecarProgram } from './sidecars.ts'

/** So many that what a heap has to spare after the warm-up hides little of what they take. */
const SLOTS = 300
/** Knative's queue holds ten times its slots. */
const HELD = 3000
/** Enough that code is compiled and buffers have grown: what requests take, not what the first of them do. */
const WARMUP_SECONDS = 1
const WARMUP_CONNECTIONS = 64
const BATCH = 100
const SETTLE_MS = 500
const ALL_MS_MAX = 10_000
const KILOBYTE = 1024
/** As a browser or an activator sends it, near enough. */
const REQUEST = [
  `GET ${HELD_PATH} HTTP/1.1`,
  'Host: hello.default.example.com',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br',
  'X-Request-Id: 8b1f6f0e-6a57-4a0c-9c4d-2f9f5c9a3c11',
  'Forwarded: for=10.1.2.3;proto=http',
  'X-Forwarded-For: 10.1.2.3, 10.4.5.6',
  'K-Proxy-Request: activator',
  '',
  '',
].join('\r\n')

/** Bytes per held request. */
export const heldPart: Part<Setup> = {
  name: 'held',
  says: `private memory per request held in the queue: ${SLOTS} at the app, ${HELD} waiting, a connection each`,
  isGated: true,
  measure: measureHeld,
}

interface Row {
  name: string
  bytesEach: number[]
}

async function measureHeld(setup: Setup): Promise<Outcome> {
  const rows: Row[] = setup.programs.map(({ name }) => ({ name, bytesEach: [] }))
  for (let round = 0; round < setup.rounds; round++) {
    for (const program of rotated(setup.programs, round)) {
      const bytes = await hold(setup, program)
      rows.find(({ name }) => name === program.name)!.bytesEach.push(bytes)
      progress(`held round ${round + 1}/${setup.rounds} ${program.name}: ${cell(bytes / KILOBYTE, 1)} KB`)
    }
  }
  const of = (name: string): number[] => rows.find((row) => row.name === name)?.bytesEach ?? []
  const middle = (values: number[]): string => cell(medianFigure('', '', values)[0]?.value, 1)
  const kilobytes = (row: Row): number[] => row.bytesEach.map((bytes) => bytes / KILOBYTE)
  const cells = rows.map((row) => [
    row.name,
    middle(kilobytes(row)),
    cell(Math.min(...kilobytes(row)), 1),
    cell(Math.max(...kilobytes(row)), 1),
  ])
  return {
    table: [['', 'KB each', 'lowest', 'highest'], ...cells],
    notes: ['all of them were answered with 200 afterwards'],
    figures: medianFigure(`held.bytes/${KNATIVE}`, 'x', pairs(of(OURS), of(KNATIVE), quotient)),
    complaints: [],
    details: { rows },
  }
}

async function hold(setup: Setup, program: SidecarProgram): Promise<number> {
  const app = await HoldingApp.start()
  const order = { userPort: app.port, cores: setup.cores.proxy, containerConcurrency: SLOTS }
  const sidecar = await program.start(order)
  const callers: Caller[] = []
  try {
    await load(setup, sidecar.port, WARMUP_CONNECTIONS, WARMUP_SECONDS)
    callers.push(...(await call(sidecar.port, SLOTS)))
    await app.holds(SLOTS)
    await sleep(SETTLE_MS)
    const before = readMemory(sidecar.pid).privateBytes
    callers.push(...(await call(sidecar.port, HELD)))
    await sleep(SETTLE_MS)
    const after = readMemory(sidecar.pid).privateBytes
    if (app.held !== SLOTS) throw new Error(`${program.name}: ${app.held} requests at the app, not ${SLOTS}`)
    app.release()
    const failed = (await Promise.all(callers.map((caller) => caller.answer))).filter(
      (line) => !line.includes(' 200 '),
    )
    if (failed.length > 0) throw new Error(`${program.name}: ${failed.length} were not held: ${failed[0]}`)
    return (after - before) / HELD
  } finally {
    for (const caller of callers) caller.close()
    await sidecar.stop()
    app.close()
  }
}

/** Sends so many requests, few enough at a time that no connection has to be tried twice. */
async function call(port: number, count: number): Promise<Caller[]> {
  const callers: Caller[] = []
  while (callers.length < count) {
    const batch = Array.from({ length: Math.min(BATCH, count - callers.length) }, () => Caller.call(port))
    callers.push(...(await Promise.all(batch)))
  }
  return callers
}

/** One request on a connection of its own. */
class Caller {
  /** The first line of what came back; empty when the connection broke. */
  readonly answer: Promise<string>
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    this.answer = new Promise((resolve) => {
      socket.once('data', (bytes) => resolve(String(bytes).split('\r\n', 1)[0]))
      socket.once('close', () => resolve(''))
      socket.setTimeout(ALL_MS_MAX, () => socket.destroy())
    })
  }

  static async call(port: number): Promise<Caller> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const caller = new Caller(socket)
    await once(socket, 'connect')
    socket.on('error', () => {})
    socket.write(REQUEST)
    return caller
  }

  close(): void {
    this.#socket.destroy()
  }
}
