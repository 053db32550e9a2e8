import type { IncomingMessage } from 'node:http'
import type { ColdStartRecord, StatusReport } from '@pilotlight/telemetry'
import type { Test } from 'tap'
import { until, within } from '../support/within.ts'

const http = process.getBuiltinModule('node:http')

/** One event as it came. */
export interface StreamEvent {
  readonly name: string
  readonly data: unknown
}

/** A client of `GET /events`. */
export class EventStream {
  readonly response: IncomingMessage
  /** Everything that came, in order. */
  readonly events: StreamEvent[] = []
  isEnded = false
  #text = ''

  private constructor(response: IncomingMessage) {
    this.response = response
    response.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk))
    response.on('end', () => (this.isEnded = true))
    response.on('error', () => {})
  }

  static async open(t: Test, port: number): Promise<EventStream> {
    const response = await within(
      'the stream begins',
      new Promise<IncomingMessage>((resolve, reject) => {
        http.get({ host: '127.0.0.1', port, path: '/events', agent: false }, resolve).on('error', reject)
      }),
    )
    t.teardown(() => response.destroy())
    return new EventStream(response)
  }

  #read(chunk: string): void {
    const parts = (this.#text + chunk).split('\n\n')
    this.#text = parts.pop()!
    for (const part of parts) {
      const match = /^event: (.*)\ndata: (.*)$/.exec(part)
      if (match !== null) this.events.push({ name: match[1], data: JSON.parse(match[2]) })
    }
  }

  get statuses(): StatusReport[] {
    return this.events.filter(({ name }) => name === 'status').map(({ data }) => data as StatusReport)
  }

  get coldStarts(): ColdStartRecord[] {
    return this.events.filter(({ name }) => name === 'cold-start').map(({ data }) => data as ColdStartRecord)
  }

  /** The first status of which `condition` holds. */
  async status(what: string, condition: (report: StatusReport) => boolean): Promise<StatusReport> {
    await until(what, () => this.statuses.some(condition))
    return this.statuses.find(condition)!
  }
}
