import type { Test } from 'tap'
import { parsePage, type PageFamily } from '../../metrics/support/exposition-parser.ts'
import { eventually } from '../../conformance/support/within.ts'
import { App } from '../../integration/support/app.ts'
import { send } from '../../integration/support/client.ts'
import { addressOf, type ServiceProcess, startQueueProxy } from '../../integration/support/service-process.ts'
import { Stage } from '../../integration/support/stage.ts'

const PROMETHEUS = JSON.stringify({ requestMetrics: { protocol: 'prometheus' } })

/** A page by the names of its metrics. */
export type Page = ReadonlyMap<string, PageFamily>

/** An activator and a queue-proxy, each a process with a metrics page, in front of an app. */
export class Pair {
  readonly stage: Stage
  readonly app: App
  readonly queueProxy: ServiceProcess

  private constructor(stage: Stage, app: App, queueProxy: ServiceProcess) {
    this.stage = stage
    this.app = app
    this.queueProxy = queueProxy
  }

  /** Starts both. The activator knows of no instance yet. */
  static async start(t: Test): Promise<Pair> {
    const app = await App.start(t)
    const [stage, queueProxy] = await Promise.all([
      Stage.start(t, { revision: { containerConcurrency: 10 } }),
      startQueueProxy(t, app.port, { CONTAINER_CONCURRENCY: '10', OBSERVABILITY_CONFIG: PROMETHEUS }),
    ])
    return new Pair(stage, app, queueProxy)
  }

  /** Where the metrics pages are, the activator's first. */
  get ports(): readonly [activator: number, queueProxy: number] {
    return [this.stage.activator.ports['metrics'], this.queueProxy.ports['metrics']]
  }

  /** The texts of both pages. */
  texts(): Promise<readonly string[]> {
    return Promise.all(
      this.ports.map(async (port) => (await send(port, { path: '/metrics' }).answer).body.toString()),
    )
  }

  /** Both pages, the activator's first. */
  async pages(): Promise<readonly Page[]> {
    return (await this.texts()).map(parsePage)
  }

  /** Tells the activator of the instance. */
  instance(): Promise<void> {
    return this.stage.instances(addressOf(this.queueProxy))
  }

  /** A cold start: `requests` wait, and then the instance is there. Resolves when all are answered and counted. */
  async coldStart(requests: number): Promise<void> {
    const pending = Array.from({ length: requests }, () => this.stage.send())
    await this.stage.held(requests)
    await this.instance()
    for (const { answer } of pending) {
      const { status } = await answer
      if (status !== 200) throw new Error(`a held request got ${status}`)
    }
    await this.counted(requests)
  }

  /** Resolves when so many requests are counted as well answered. */
  async counted(requests: number): Promise<void> {
    await eventually(
      `${requests} requests are counted`,
      () => this.stage.metric('pilotlight_outcomes_total'),
      (count) => count >= requests,
    )
  }
}
