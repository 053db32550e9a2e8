import type { ColdStartRecord, RequestTimeline } from '@pilotlight/telemetry'
import type { Revision } from '../revision.ts'

/** Who knows of cold starts. */
export interface ColdStartSource {
  /** The last ones, newest first. */
  readonly last: readonly ColdStartRecord[]
  /** How a request waited for one, or null when that is not known, or not any more. */
  find(requestId: string): RequestTimeline | null
  /** The last one of a revision, or null. */
  lastOf(revision: Revision): ColdStartRecord | null
  /** Told of each one when it is over. */
  onRecord: (record: ColdStartRecord) => void
}
