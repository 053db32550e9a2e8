/** A load generator, as the harness sees it: a command to run in a child process, and a way to read what it printed. */
import type { StopSignal } from '../../process/launch.ts'
import type { Shape } from '../cases.ts'

/** What a driver is asked to do. */
export interface LoadOrder {
  port: number
  connections: number
  shape: Shape
  /** How long to send; at least, a driver may round up to whole seconds. */
  seconds: number
  /** Latencies of this many first seconds are not recorded (by the Node drivers, which record their own). */
  warmupSeconds: number
}

/** What came of it. */
export interface LoadResult {
  /** Answers that were not a 2xx, and connections that broke. */
  errors: number
  /** How it went wrong, for people; empty without errors. */
  complaint: string
  p50Micros: number | null
  p99Micros: number | null
}

export interface Driver {
  name: string
  version: string | null
  /** What makes it end early with its report; null: only time does. */
  stopSignal: StopSignal | null
  canRun(shape: Shape): boolean
  command(order: LoadOrder): string[]
  read(output: string): LoadResult
}
