import { serve, servingOptions } from '../activator/serving.ts'
import type { Arguments } from '../command-line/arguments.ts'
import type { Console } from '../console.ts'
import { STDIN } from '../manifests/manifest-files.ts'
import { runManifest } from '../manifests/run-manifest.ts'

/** Knative's default. */
const TIMEOUT_SECONDS = 300

/** `pilotlight run`. */
export async function run(args: Arguments, console: Console): Promise<number> {
  const manifest = runManifest({
    name: args.text('name', 'app'),
    command: args.operands,
    folder: console.folder,
    concurrency: args.integer('concurrency', 0),
    minScale: args.integer('min-scale', 0),
    maxScale: args.integer('max-scale', 0),
    timeoutSeconds: args.integer('timeout', TIMEOUT_SECONDS),
    env: args.texts('env').map(variable),
    isHttp2: args.has('h2c'),
    readinessPath: args.text('readiness-path', ''),
  })
  return serve(servingOptions(args, { manifests: [STDIN], commands: new Map(), input: manifest }), console)
}

function variable(text: string): readonly [string, string] {
  const equals = text.indexOf('=')
  return [text.slice(0, equals), text.slice(equals + 1)]
}
