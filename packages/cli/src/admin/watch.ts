import type { IncomingMessage } from 'node:http'
import type { ColdStartRecord, StatusReport } from '@pilotlight/telemetry'
import { AdminError, adminUrl, openResponse } from './admin-client.ts'
import { EventStreamReader } from './event-stream.ts'

/** Told of what an activator does. */
export interface WatchEvents {
  readonly onStatus: (report: StatusReport) => void
  readonly onColdStart: (record: ColdStartRecord) => void
}

/**
 * Watches an activator through `/events` of its admin port. Resolves when the stream ends or `signal` aborts; rejects with an
 * {@link AdminError} when it cannot be watched.
 */
export async function watch(base: string, events: WatchEvents, signal: AbortSignal): Promise<void> {
  const url = adminUrl(base, '/events')
  let response: IncomingMessage
  try {
    response = await openResponse(url, signal)
  } catch (error) {
    if (signal.aborted) return
    throw error
  }
  if (response.statusCode !== 200) {
    response.destroy()
    throw new AdminError(`${url} answered with status ${response.statusCode}`, false)
  }
  const reader = new EventStreamReader((name, data) => dispatch(name, data, events))
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) reader.push(chunk)
  } catch (error) {
    // The end of the activator is one of the stream, in whatever way.
    const { code } = error as NodeJS.ErrnoException
    if (signal.aborted || code === 'ECONNRESET') return
    throw new AdminError(`${url}: ${(error as Error).message}`, false)
  }
}

function dispatch(name: string, data: string, events: WatchEvents): void {
  if (name === 'status') events.onStatus(JSON.parse(data) as StatusReport)
  if (name === 'cold-start') events.onColdStart(JSON.parse(data) as ColdStartRecord)
}
