const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
const RANGE = 2 ** 32

/**
 * Where a request id stands between 0 and 1, 1 excluded: always the same for the same id, and evenly spread. FNV-1a, with its bits mixed
 * once more because ids that differ at their end only would stand close together.
 */
export function shareOf(requestId: string): number {
  let hash = FNV_OFFSET
  for (let i = 0; i < requestId.length; i++) hash = Math.imul(hash ^ requestId.charCodeAt(i), FNV_PRIME)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / RANGE
}
