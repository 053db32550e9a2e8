import type { PlatformClock } from '../clock.ts'
import type { PlatformLog } from '../platform-log.ts'
import type { InstanceHealth, InstanceHealthOptions } from './health/instance-health.ts'
import type { InstanceNames } from './instance-names.ts'
import type { FreePorts } from './processes/free-ports.ts'
import type { Processes } from './processes/processes.ts'
import type { StartGate } from './start-gate.ts'

/** What all instances share: this machine, as far as they need it. */
export interface LocalMachine {
  readonly processes: Pick<Processes, 'run' | 'probe'>
  readonly ports: Pick<FreePorts, 'take' | 'release'>
  /** Makes what watches over one instance. */
  readonly createHealth: (
    options: InstanceHealthOptions,
  ) => Pick<InstanceHealth, 'onSidecar' | 'onSidecarReady' | 'close'>
  readonly names: InstanceNames
  readonly gate: StartGate
  readonly clock: PlatformClock
  readonly log: PlatformLog
  /** Arguments with which Node runs the sidecar. */
  readonly queueProxy: readonly string[]
  /** The environment that every app gets. */
  readonly inherited: Readonly<Record<string, string>>
  /** The environment that every sidecar gets. */
  readonly sidecarEnv: Readonly<Record<string, string>>
  /** How many instances there may be, of all revisions together. */
  readonly instancesMax: number
  /** How many there are. */
  instances: number
  /** An instance of this revision was wanted, and there may be no more. */
  onFull(revision: string): void
}
