import type { ClusterSettings } from './config-maps.ts'
import type { Warnings } from './warnings.ts'

/** What everything in a Service document is read with. */
export interface ServiceScope extends ClusterSettings {
  /** Name of the service; empty when it has none that can be used. */
  readonly service: string
  /** Name of the file, and the folder in which its commands run. */
  readonly file: string
  readonly folder: string
  readonly warnings: Warnings
  /** The command line of its serving container, or null. */
  readonly commandLine: string | null
}
