import { toInt32 } from './go-values.ts'
import type { RevisionScaling } from './revision-scaling.ts'

/** Fewer activators than this are never in the path of a revision. */
export const ACTIVATORS_MIN = 2

/**
 * How many more requests could come at once than there is room for, rounded down. Below 0 there is too little room, and
 * the activator has to be in the path. `panicValue` is what is there now.
 */
export function excessBurstCapacity(scaling: RevisionScaling, readyPods: number, panicValue: number): number {
  const { targetBurstCapacity, totalValue } = scaling
  if (targetBurstCapacity === 0) return 0
  if (targetBurstCapacity < 0) return -1
  return toInt32(Math.floor(readyPods * totalValue - targetBurstCapacity - panicValue))
}

/** The same before there is anything to judge by: what the pods a revision starts with have room for. */
export function initialBurstCapacity(scaling: RevisionScaling): number {
  const { targetBurstCapacity, totalValue, initialScale } = scaling
  if (targetBurstCapacity === 0 || targetBurstCapacity === -1) return targetBurstCapacity
  return toInt32(initialScale * totalValue - targetBurstCapacity)
}

/** How many activators should be in the path: enough for what the pods can take and the burst. */
export function activatorsFor(scaling: RevisionScaling, readyPods: number): number {
  const { targetBurstCapacity, totalValue, activatorCapacity } = scaling
  if (targetBurstCapacity === 0) return ACTIVATORS_MIN
  const requests = readyPods * totalValue + Math.max(0, targetBurstCapacity)
  return toInt32(Math.max(ACTIVATORS_MIN, Math.ceil(requests / activatorCapacity)))
}
