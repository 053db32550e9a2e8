import type {
  ActivatorPeers,
  NamespaceLimits,
  PlatformEvents,
  RevisionEndpoints,
  RevisionName,
  RevisionSpec,
  Route,
  ScalingState,
} from '../../src/platform.ts'
import { until } from './within.ts'

/** Everything a platform tells, in order, as one line each. */
export class Told implements PlatformEvents {
  lines: string[] = []

  onRevision({ namespace, name, containerConcurrency }: RevisionSpec): void {
    this.lines.push(`revision ${namespace}/${name} ${containerConcurrency}`)
  }

  onRevisionGone({ namespace, name }: RevisionName): void {
    this.lines.push(`gone ${namespace}/${name}`)
  }

  onEndpoints({ name }: RevisionName, { ready, notReady, clusterAddress }: RevisionEndpoints): void {
    this.lines.push(`endpoints ${name} [${ready.join()}] [${notReady.join()}] "${clusterAddress}"`)
  }

  onPeers({ name }: RevisionName, { index, count }: ActivatorPeers): void {
    this.lines.push(`peers ${name} ${index}/${count}`)
  }

  onRoutes(routes: readonly Route[]): void {
    this.lines.push(`routes ${routes.map(({ hosts }) => hosts.join()).join(' ')}`)
  }

  onNamespaces(limits: readonly NamespaceLimits[]): void {
    this.lines.push(`namespaces ${limits.map(({ namespace, weight }) => `${namespace}=${weight}`).join()}`)
  }

  onTrouble({ name }: RevisionName, reason: string): void {
    this.lines.push(`trouble ${name}: ${reason}`)
  }

  onScaling({ name }: RevisionName, { wanted, instances }: ScalingState): void {
    this.lines.push(`scaling ${name} ${wanted} [${instances.map(({ state }) => state).join()}]`)
  }

  onConnection(isConnected: boolean, detail: string): void {
    this.lines.push(`connected ${isConnected} "${detail}"`)
  }

  /** What was told since it was asked last. */
  take(): string[] {
    const { lines } = this
    this.lines = []
    return lines
  }

  /** Resolves when this line was told. */
  async hears(line: string): Promise<void> {
    try {
      await until(line, () => this.lines.includes(line))
    } catch (error) {
      throw new Error(`${(error as Error).message}; told: ${this.lines.join(' | ')}`, { cause: error })
    }
  }
}
