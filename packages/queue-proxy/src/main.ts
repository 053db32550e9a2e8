#!/usr/bin/env node
import { endOnSignal, switchLevelOnSignal } from '@pilotlight/service'
import { createLogger } from '@pilotlight/telemetry'
import { build } from './build.ts'
import { readSettings } from './settings.ts'
import { StarterPipe, watchStarter } from './starter.ts'
import { VERSION } from './version.ts'

/** A start or an end that failed, as in Knative; and the end of whoever started us. */
const FAILED = 1

const { settings, problems } = readSettings(process.env)
if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`)
  process.exit(FAILED)
}

const { namespace, revision, pod } = settings.identity
const log = createLogger({
  config: settings.loggingConfig,
  level: settings.loggingLevel,
  name: 'queueproxy',
  fields: { commit: VERSION, 'knative.dev/key': `${namespace}/${revision}`, 'knative.dev/pod': pod },
  usesPino: false,
})

void run()

// A function, because the bundle is CommonJS, which has no await outside of one.
async function run(): Promise<void> {
  try {
    const { portsFd, hasLifeline } = settings.starter
    const starter = portsFd === null ? null : new StarterPipe(portsFd)
    const sidecar = await build(settings, log)
    endOnSignal(() => sidecar.shutdown())
    await starter?.onMain(sidecar.ports['main'], sidecar.readiness)
    if (await sidecar.openServices()) {
      sidecar.announce()
      starter?.onPorts(sidecar.ports)
    }
    switchLevelOnSignal(log)
    // Nobody is left then who would wait for a drain, or for anything else. Not sooner: no start waits for it.
    if (hasLifeline) watchStarter(() => process.exit(FAILED))
  } catch (error) {
    log.error('Failed to bring up queue-proxy, shutting down.', { error: (error as Error).message })
    process.exit(FAILED)
  }
}
