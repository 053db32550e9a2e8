import type { Logger } from '@pilotlight/telemetry'

/** What is used of the log of the process. */
export type PlatformLog = Pick<Logger, 'info' | 'warn' | 'error'>
