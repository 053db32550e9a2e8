/** Bounds on what one message may make us hold or read. All are inclusive maxima. */
export interface Limits {
  /** Start line, fields and the empty line together, bytes. Over it: 431. */
  headBytes: number
  /** Fields in a head or trailer section. Over it: 431. */
  headerCount: number
  /** Length of the request-target, bytes. Over it: 414. */
  targetBytes: number
  /** Chunk extensions of one body, all chunks together, bytes. Over it: 400. */
  chunkExtensionBytes: number
  /** Trailer section with its empty line, bytes. Over it: 431. */
  trailerBytes: number
}

/**
 * Defaults. Knative's Go servers allow heads of 1 MiB, so a drop-in must too; the count keeps a hostile head of
 * that size from becoming 200,000 fields; a target may fill half a head; extensions and trailers are rare, so
 * theirs are what Node and nginx allow for a whole head.
 */
export const DEFAULT_LIMITS: Readonly<Limits> = {
  headBytes: 1024 * 1024,
  headerCount: 4096,
  targetBytes: 512 * 1024,
  chunkExtensionBytes: 16 * 1024,
  trailerBytes: 64 * 1024,
}
