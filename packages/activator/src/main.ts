#!/usr/bin/env node
import { endOnSignal, switchLevelOnSignal } from '@pilotlight/service'
import { createLogger } from '@pilotlight/telemetry'
import { build } from './build.ts'
import { readSettings } from './settings.ts'
import { tellStarter, watchStarter } from './starter.ts'
import { VERSION } from './version.ts'

/** A start or an end that failed, as in Knative. */
const FAILED = 1

const { settings, problems } = readSettings(process.env)
// What it has started notices by itself.
if (settings.hasLifeline) watchStarter(() => process.exit(FAILED))
if (problems.length > 0) await fail(problems.join('\n'))

const log = createLogger({
  config: settings.loggingConfig,
  level: settings.loggingLevel,
  name: 'activator',
  fields: { commit: VERSION, 'knative.dev/controller': 'activator', 'knative.dev/pod': settings.podName },
  usesPino: true,
})

try {
  const activator = await build(settings, log)
  activator.announce()
  endOnSignal(() => activator.shutdown())
  switchLevelOnSignal(log)
  if (settings.hasLifeline) await tellStarter({ type: 'ready', ports: activator.ports })
} catch (error) {
  const { message } = error as Error
  log.error('Failed to start the activator.', { error: message })
  await fail(message)
}

async function fail(message: string): Promise<void> {
  process.stderr.write(`${message}\n`)
  if (settings.hasLifeline) await tellStarter({ type: 'failed', message })
  process.exit(FAILED)
}
