import type { Subject } from './subject.ts'
import { Client } from './client.ts'
import { PATIENCE_MS, passes } from './within.ts'

/** The report of one window, as the autoscaler reads it. */
export interface Stat {
  readonly podName: string
  readonly concurrency: number
  readonly proxiedConcurrency: number
  readonly count: number
  readonly proxiedCount: number
  readonly uptime: number
}

const NAMES = ['', 'podName', 'concurrency', 'proxiedConcurrency', 'count', 'proxiedCount', 'uptime'] as const

/** Decodes a `metrics.Stat`; throws when fields are unknown, not in ascending order, or zero and there all the same. */
export function decodeStat(bytes: Buffer): Stat {
  const stat = { podName: '', concurrency: 0, proxiedConcurrency: 0, count: 0, proxiedCount: 0, uptime: 0 }
  let last = 0
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at++]
    const field = tag >> 3
    if (field <= last) throw new Error(`field ${field} behind field ${last}`)
    last = field
    if (tag === 0x0a) {
      let length = bytes[at++]
      if (length >= 0x80) length = (length & 0x7f) | (bytes[at++] << 7)
      stat.podName = bytes.toString('utf8', at, at + length)
      at += length
    } else if ((tag & 7) === 1 && field >= 2 && field <= 6) {
      const value = bytes.readDoubleLE(at)
      if (value === 0) throw new Error(`field ${field} is zero and should not be there`)
      stat[NAMES[field] as 'count'] = value
      at += 8
    } else throw new Error(`unknown tag ${tag.toString(16)} in ${bytes.toString('hex')}`)
  }
  return stat
}

/** What :9090 says now. */
export async function scrape(subject: Subject): Promise<Stat> {
  const client = await Client.open(subject.ports.autoscaling)
  try {
    const answer = await client.asks('/metrics')
    return decodeStat(Buffer.from(answer.body, 'latin1'))
  } finally {
    client.close()
  }
}

/** Looks at the reports until one is wanted. */
export async function statThat(
  subject: Subject,
  what: string,
  isWanted: (stat: Stat) => boolean,
): Promise<Stat> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const stat = await scrape(subject)
    if (isWanted(stat)) return stat
    if (performance.now() > end) throw new Error(`no report with ${what}; the last: ${JSON.stringify(stat)}`)
    await passes(50)
  }
}

/** What all windows counted together while `act` ran, or null when a window was missed because the machine was busy. */
export async function countedDuring(
  subject: Subject,
  act: () => Promise<void>,
): Promise<{ count: number; proxiedCount: number } | null> {
  const sum = { count: 0, proxiedCount: 0 }
  // Two quiet windows before and behind, so that everything of `act` and nothing else is in between.
  let stat = await statThat(subject, 'nothing in it', (one) => one.count === 0 && one.uptime > 0)
  const acted = act()
  let isOver = false
  acted.then(
    () => (isOver = true),
    () => (isOver = true),
  )
  for (let quiet = 0; quiet < 2;) {
    const wasOver = isOver
    const before = stat
    stat = await statThat(subject, 'the next window', (one) => one.uptime !== before.uptime)
    if (stat.uptime - before.uptime > 1.5) {
      await acted
      return null
    }
    sum.count += stat.count
    sum.proxiedCount += stat.proxiedCount
    quiet = wasOver ? quiet + 1 : 0
  }
  await acted
  return sum
}

/** {@link countedDuring}, again when a window was missed. */
export async function counted(
  subject: Subject,
  act: () => Promise<void>,
): Promise<{ count: number; proxiedCount: number }> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const sum = await countedDuring(subject, act)
    if (sum !== null) return sum
  }
  throw new Error('the machine is too busy to see every window')
}
