import type { Bench } from '../hot-path/measure.ts'
import type { Cores } from '../process/cores.ts'
import { knativeSidecar, ownSidecar, OURS, type SidecarProgram } from './sidecars.ts'

/** What every part of these questions measures with. */
export interface Setup {
  cores: Cores
  /** Ours first; Knative's when it is there. */
  programs: SidecarProgram[]
  /** How often each part repeats what it does. */
  rounds: number
  /** What hot-path's measurements need, with the origin in it. */
  bench: Bench
}

/** The programs that can run here, and why others cannot. */
export interface Programs {
  present: SidecarProgram[]
  missing: Map<string, string>
}

/** Looks for the programs, and says which are left out. */
export async function findPrograms(nodeFlags: string[], knativePath: string | null): Promise<Programs> {
  const present: SidecarProgram[] = []
  const missing = new Map<string, string>()
  for (const program of [ownSidecar(nodeFlags), knativeSidecar(knativePath)]) {
    const reason = await program.missing()
    if (reason === null) present.push(program)
    else {
      missing.set(program.name, reason)
      console.log(`without ${program.name}: ${reason}`)
    }
  }
  return { present, missing }
}

/** Why there is nothing to measure, or null. */
export function nothingToMeasure({ missing }: Programs): string | null {
  return missing.get(OURS) ?? null
}

/** The programs in another order each round, so that what the machine does meanwhile hits all of them alike. */
export function rotated<Item>(items: readonly Item[], round: number): Item[] {
  const first = round % items.length
  return [...items.slice(first), ...items.slice(0, first)]
}
