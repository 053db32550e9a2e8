import type { InstanceFacts } from '@pilotlight/platform'
import { monotonicNow } from '@pilotlight/relay'
import type { ColdStartRecord, RequestTimeline } from '@pilotlight/telemetry'
import { createLogger, type Logger } from '@pilotlight/telemetry'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Answer, type Scene, send } from '../support/scene.ts'
import type { ScriptedSidecar } from '../support/sidecar.ts'
import { until } from '../support/within.ts'

/** The port on which a test looks at what was recorded. */
export const ADMIN = { ACTIVATOR_ADMIN_PORT: '0', ACTIVATOR_ADMIN_PAGE: 'false' }

/** A line of the log. */
export type Line = Readonly<Record<string, unknown>>

/** A log, and what was written to it. */
export function logOf(t: Test): { log: Logger; lines: () => Line[] } {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-log-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'log')
  const config = JSON.stringify({ outputPaths: [file] })
  const log = createLogger({ config, level: 'info', name: 'activator', fields: {}, usesPino: false })
  const lines = (): Line[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  return { log, lines }
}

/** The platform starts one instance: it says when it did so, and then where it is. */
export function startInstance(
  scene: Scene,
  sidecar: ScriptedSidecar,
  facts: Partial<InstanceFacts> = {},
): void {
  const now = monotonicNow()
  const instance: InstanceFacts = {
    name: 'hello-00001-x7k2p',
    address: sidecar.address,
    state: 'starting',
    scheduledAt: now,
    startedAt: now,
    listeningAt: null,
    readyAt: null,
    ...facts,
  }
  scene.platform.events.onScaling(scene.spec, { wanted: 1, isPanicking: false, instances: [instance] })
  scene.platform.events.onEndpoints(scene.spec, {
    ready: [],
    notReady: [sidecar.address],
    clusterAddress: '',
  })
}

/** Resolves once the platform was asked for an instance. */
export function woken(scene: Scene): Promise<void> {
  return until('the platform is asked for an instance', () => scene.platform.woken.length > 0)
}

async function ask<T>(scene: Scene, path: string): Promise<T> {
  const { status, body } = await send(scene.activator.ports['admin'], { path }).answer
  if (status !== 200) throw new Error(`${path}: ${status} ${body}`)
  return JSON.parse(body) as T
}

/** The cold starts that are over, newest first. */
export function records(scene: Scene): Promise<ColdStartRecord[]> {
  return ask(scene, '/cold-starts')
}

/** How a request waited. */
export function timeline(scene: Scene, requestId: string): Promise<RequestTimeline> {
  return ask(scene, `/requests/${encodeURIComponent(requestId)}`)
}

/** The field of an answer, or empty. */
export function field({ headers }: Answer, name: string): string {
  return String(headers[name] ?? '')
}
