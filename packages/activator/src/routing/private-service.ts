import { createHash } from 'node:crypto'

/** Longest label of DNS. */
const LABEL_MAX = 63
const SUFFIX = '-private'
/** Of a name that is too long, what is kept before its hash. */
const KEPT = 23

/** Name of the Service in front of a revision's instances, as Knative's controller makes it. */
export function privateServiceName(revision: string): string {
  if (revision.length + SUFFIX.length <= LABEL_MAX) return `${revision}${SUFFIX}`
  // Knative's choice of a hash; it protects nothing.
  const hash = createHash('md5').update(revision).digest('hex')
  return `${revision.slice(0, KEPT)}${hash}${SUFFIX}`
}
