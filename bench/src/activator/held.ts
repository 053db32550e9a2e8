/** Memory of requests that wait. */
import { setTimeout as sleep } from 'node:timers/promises'
import { progress } from '../question/ask.ts'
import { medianFigure } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { readMemory } from '../queue-proxy/memory.ts'
import { callersPossible } from './callers.ts'
import { Line, SLOTS } from './line.ts'
import type { Setup } from './setup.ts'

const WANTED = 20_000
const SETTLE_MS = 500
const KILOBYTE = 1024

/** Bytes per held request. */
export const heldPart: Part<Setup> = {
  name: 'held',
  says: `memory per request of ${WANTED} that wait at the same time, a connection each`,
  isGated: true,
  measure: measureHeld,
}

async function measureHeld(setup: Setup): Promise<Outcome> {
  const count = callersPossible(WANTED)
  const rssBytes: number[] = []
  const privateBytes: number[] = []
  for (let round = 0; round < setup.rounds; round++) {
    const each = await hold(setup, count)
    rssBytes.push(each.rssBytes)
    privateBytes.push(each.privateBytes)
    progress(`held round ${round + 1}/${setup.rounds}: ${cell(each.rssBytes / KILOBYTE, 2)} KB each`)
  }
  const row = (name: string, values: readonly number[]): string[] => [
    name,
    cell(medianFigure('', '', values)[0].value / KILOBYTE, 2),
    cell(Math.min(...values) / KILOBYTE, 2),
    cell(Math.max(...values) / KILOBYTE, 2),
  ]
  const notes = [
    `${count} waited, behind ${SLOTS} at the instance; all of them were answered with 200 afterwards`,
  ]
  if (count < WANTED) notes.push('the open-file limit lets there be no more (ulimit -H -n)')
  return {
    table: [['', 'KB each', 'lowest', 'highest'], row('RSS', rssBytes), row('private', privateBytes)],
    notes,
    figures: medianFigure('held.bytes', ' B', rssBytes),
    complaints: [],
    details: { count, rssBytes, privateBytes },
  }
}

async function hold(setup: Setup, count: number): Promise<{ rssBytes: number; privateBytes: number }> {
  const line = await Line.start(setup)
  try {
    await line.takeSlots()
    await sleep(SETTLE_MS)
    const before = readMemory(line.activator.pid)
    await line.wait(count)
    await sleep(SETTLE_MS)
    const after = readMemory(line.activator.pid)
    await line.finish(SLOTS + count)
    return {
      rssBytes: (after.rssBytes - before.rssBytes) / count,
      privateBytes: (after.privateBytes - before.privateBytes) / count,
    }
  } finally {
    await line.stop()
  }
}
