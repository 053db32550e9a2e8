import type { Cores } from '../process/cores.ts'
import type { SidecarProgram } from '../queue-proxy/sidecars.ts'
import type { ActivatorProgram } from './program.ts'

/** What every part of this question measures with. */
export interface Setup {
  cores: Cores
  activator: ActivatorProgram
  /** Our queue-proxy, which the activator's cost is compared with. */
  sidecar: SidecarProgram
  /** How often each part repeats what it does. */
  rounds: number
  /** Whether the overload is a short one. */
  isQuick: boolean
  /** A folder of this run, removed at its end. */
  scratch: string
}
