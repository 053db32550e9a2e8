/** The little of autocannon that the load driver uses; the package ships no types. */
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'

  interface Options {
    url: string
    connections: number
    /** Seconds. */
    duration: number
    method: 'GET' | 'POST'
    body?: string
    /** Milliseconds between two looks at the clock; the run ends at one of them. */
    sampleInt: number
    /** Seconds until an unanswered request counts as an error. */
    timeout: number
  }
  interface Result {
    errors: number
    timeouts: number
    non2xx: number
    mismatches: number
    resets: number
    '2xx': number
  }
  interface Instance extends EventEmitter {
    stop(): void
    on(
      event: 'response',
      listener: (client: unknown, status: number, bytes: number, millis: number) => void,
    ): this
  }
  export default function autocannon(
    options: Options,
    done: (error: Error | null, result: Result) => void,
  ): Instance
}
