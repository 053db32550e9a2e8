#!/usr/bin/env node
import { endOnSignal } from '@pilotlight/service'
import { createLogger } from '@pilotlight/telemetry'
import { build } from './build.ts'
import { readSettings } from './settings.ts'
import { VERSION } from './version.ts'

/** A start or an end that failed, as in Knative. */
const FAILED = 1

const { settings, problems } = readSettings(process.env)
if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`)
  process.exit(FAILED)
}

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
} catch (error) {
  log.error('Failed to start the activator.', { error: (error as Error).message })
  process.stderr.write(`${(error as Error).message}\n`)
  process.exit(FAILED)
}
