import type { ServerResponse } from 'node:http'
import type { ColdStartRecord, StatusReport } from '@pilotlight/telemetry'
import { NOT_STORED } from './admin-answers.ts'
import { Watcher } from './watcher.ts'

/** Clients that may watch at a time. */
export const WATCHERS_MAX = 16
/** Between two looks at what changed, ms. */
const TICK_MS = 1000
const TICKS_PER_BEAT = 15

/** What grows by itself while nothing happens. */
const AGES = /"ageMs":\d+/g

/**
 * Tells those who watch: `status` when they come and, at most once a second, when something changed; `cold-start` when one is over. A
 * timer runs only while somebody watches.
 */
export class StatusEvents {
  readonly #take: () => StatusReport
  readonly #watchers = new Set<Watcher>()
  #timer: NodeJS.Timeout | null = null
  #ticks = 0
  /** What was told last, without what does not count as a change. */
  #told = ''

  /** `take` says what is now. */
  constructor(take: () => StatusReport) {
    this.#take = take
  }

  /** Whether one more may watch. */
  get hasRoom(): boolean {
    return this.#watchers.size < WATCHERS_MAX
  }

  /** Lets somebody watch; there must be room. */
  add(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', Connection: 'close', ...NOT_STORED })
    const watcher = new Watcher(response, () => this.#newest())
    this.#watchers.add(watcher)
    response.on('close', () => this.#remove(watcher))
    const report = this.#take()
    watcher.sendStatus(eventOf(report))
    if (this.#timer !== null) return
    this.#told = signsOf(report)
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    this.#timer.unref()
  }

  #remove(watcher: Watcher): void {
    this.#watchers.delete(watcher)
    if (this.#watchers.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  /** A cold start is over. */
  onColdStart(record: ColdStartRecord): void {
    if (this.#watchers.size === 0) return
    const event = `event: cold-start\ndata: ${JSON.stringify(record)}\n\n`
    for (const watcher of this.#watchers) watcher.send(event)
  }

  /** Ends all connections. */
  close(): void {
    for (const watcher of this.#watchers) watcher.close()
  }

  #tick(): void {
    const report = this.#take()
    const signs = signsOf(report)
    if (signs !== this.#told) {
      this.#told = signs
      const event = eventOf(report)
      for (const watcher of this.#watchers) watcher.sendStatus(event)
    }
    if (++this.#ticks % TICKS_PER_BEAT === 0) for (const watcher of this.#watchers) watcher.beat()
  }

  #newest(): string {
    return eventOf(this.#take())
  }
}

function eventOf(report: StatusReport): string {
  return `event: status\ndata: ${JSON.stringify(report)}\n\n`
}

/** Text that is another one when something changed. How much memory is used, and how late the process is, changes all the time. */
function signsOf({ activator, coldStarts, revisions }: StatusReport): string {
  const { held, heldBytes, isConnected, isReady, running } = activator
  const own = [held, heldBytes, isConnected, isReady, running, coldStarts[0]?.id]
  return JSON.stringify([own, revisions]).replaceAll(AGES, '')
}
