import type { AutoscalerConfig, RevisionScaling } from '@pilotlight/autoscaler'
import type { ProbeAction } from '@pilotlight/probe'
import type { Problem } from '../document/problems.ts'
import type { RevisionTimeouts } from '../platform.ts'

/** Where something stands. */
export interface Place {
  readonly file: string
  /** From 1. */
  readonly line: number
}

/**
 * What one probe of a container does, and how often. Times are ms. A port of 0 stands for the port of the app, which only its instance knows:
 * the manifest names none, or the one that the container declares.
 */
export interface ContainerProbe {
  readonly action: ProbeAction | ExecAction
  readonly initialDelayMs: number
  readonly timeoutMs: number
  /** 0 for a readiness probe that says nothing: the sidecar tries as closely as it can (Knative). */
  readonly periodMs: number
  readonly successThreshold: number
  readonly failureThreshold: number
}

/** A command that must end with 0, run where the container runs. */
export interface ExecAction {
  readonly kind: 'exec-command'
  readonly command: readonly string[]
}

/** What a container may use. Null is no limit. */
export interface ContainerLimits {
  /** Cores, such as 0.5. */
  readonly cpu: number | null
  readonly memoryBytes: number | null
}

/** One container of a revision, as a command of this machine. */
export interface ContainerSpec {
  readonly name: string
  /** What runs: `command` and `args`, or what the mapping on the command line says. Never empty. */
  readonly command: readonly string[]
  /** Absolute; the folder of the manifest unless `workingDir` says otherwise. */
  readonly folder: string
  /** In the order in which they stand; `$(NAME)` is replaced by what stands before it, as Kubernetes does. */
  readonly env: readonly (readonly [name: string, value: string])[]
  readonly readiness: ContainerProbe | null
  readonly liveness: ContainerProbe | null
  readonly startup: ContainerProbe | null
  readonly limits: ContainerLimits
}

/** What a revision is made from: the `template` of a Service, with what the ConfigMaps say filled in. */
export interface RevisionTemplate {
  /** `metadata.name`; empty when the name is to be made. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly containerConcurrency: number
  readonly timeouts: RevisionTimeouts
  /** What the port of the serving container is declared to speak. */
  readonly protocol: 'http1' | 'h2c'
  /** The serving one first. */
  readonly containers: readonly ContainerSpec[]
  readonly scaling: RevisionScaling
}

/** A share of a Service's requests. */
export interface TrafficEntry {
  /** Name of a revision; empty for the latest one that is ready. */
  readonly revision: string
  /** 0 to 100. Those of one Service add up to 100. */
  readonly percent: number
  /** May be empty. */
  readonly tag: string
  readonly at: Place
}

/** One Service document: a state of a service that is wanted. */
export interface ServiceManifest {
  readonly namespace: string
  readonly name: string
  readonly at: Place
  readonly template: RevisionTemplate
  /** Never empty: without `traffic`, everything goes to the latest. */
  readonly traffic: readonly TrafficEntry[]
}

/** What a set of files says. */
export interface ManifestSet {
  /** In the order of the files and their documents. A later document of the same name is the next revision of that service. */
  readonly services: readonly ServiceManifest[]
  readonly autoscaler: AutoscalerConfig
  /** How long an instance may take to become ready, ms (`progress-deadline`). */
  readonly progressDeadlineMs: number
  /** What keeps it from being used, one line each: file, line, path, value and what is valid. */
  readonly problems: readonly Problem[]
  /** What is valid in Knative and has no effect here, one line each with the reason. */
  readonly warnings: readonly Problem[]
}
