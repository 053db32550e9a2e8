import type { StatusReport } from '@pilotlight/telemetry'
import { getJson } from '../admin/admin-client.ts'
import { watch } from '../admin/watch.ts'
import type { Arguments } from '../command-line/arguments.ts'
import { LOOPBACK } from '../command-line/options.ts'
import type { Console } from '../console.ts'
import { EXIT_FAILED, EXIT_NOT_STARTED, EXIT_OK, exitOfSignal } from '../exit-codes.ts'
import { introduction } from '../views/introduction.ts'
import { LiveView } from '../views/live-view.ts'
import { PlainView } from '../views/plain-view.ts'
import type { LogFormat, View } from '../views/view.ts'
import { activatorEnvironment, type ActivatorOptions } from './activator-environment.ts'
import { findActivator } from './activator-path.ts'
import { type ActivatorPorts, ActivatorProcess, type Ended } from './activator-process.ts'
import { openBrowser } from './browser.ts'
import { HeldLog } from './held-log.ts'
import { Signals } from './signals.ts'
import { startProblem } from './start-problem.ts'

/** What an activator is run with. */
export interface ServingOptions extends ActivatorOptions {
  /** What it reads from standard input. */
  readonly input: string | NodeJS.ReadableStream
  readonly logFormat: LogFormat
  /** Whether a browser shows the page. */
  readonly opensPage: boolean
}

const PORT = 8080
const PORT_MAX = 65_535

/** Reads the options that `up` and `run` share. */
export function servingOptions(
  args: Arguments,
  manifests: Pick<ServingOptions, 'manifests' | 'commands' | 'input'>,
): ServingOptions {
  const port = args.integer('port', PORT)
  const next = port === PORT_MAX ? port - 1 : port + 1
  return {
    ...manifests,
    host: args.text('host', LOOPBACK),
    port,
    adminPort: args.integer('admin-port', port === 0 ? 0 : next),
    hasPage: !args.has('no-page'),
    opensPage: args.has('open'),
    logLevel: args.text('log-level', args.has('verbose') ? 'info' : 'warn'),
    logFormat: args.text('log-format', 'text') as LogFormat,
  }
}

/** Runs an activator until it ends, and shows what it does. Resolves with the exit code. */
export async function serve(options: ServingOptions, console: Console): Promise<number> {
  const { path, problem } = findActivator(console.env, console.folder)
  if (problem !== '') return notStarted(console, problem)
  const view: View = console.isLive
    ? new LiveView(console, options.logFormat)
    : new PlainView(console, options.logFormat)
  const log = new HeldLog((line) => view.log(line))
  const env = activatorEnvironment(options, console.env)
  const activator = new ActivatorProcess(
    { path, env, input: options.input },
    { onOutput: (line) => view.output(line), onLog: (line) => log.add(line) },
  )
  const signals = new Signals({
    onEnd: () => {
      view.say('ending: requests that run may finish, Ctrl-C again ends at once')
      activator.end()
    },
    onKill: () => activator.kill(),
  })
  // However this process ends, the terminal has its cursor again.
  const restore = (): void => view.close()
  process.once('exit', restore)
  try {
    return await untilEnd(activator, { options, console, view, log, signals })
  } finally {
    view.close()
    signals.close()
    process.off('exit', restore)
  }
}

interface Parts {
  readonly options: ServingOptions
  readonly console: Console
  readonly view: View
  readonly log: HeldLog
  readonly signals: Signals
}

async function untilEnd(activator: ActivatorProcess, parts: Parts): Promise<number> {
  const { console, log, options, signals, view } = parts
  const started = await activator.started
  if (started.kind === 'failed') {
    await activator.ended
    return notStarted(console, startProblem(started.message, options))
  }
  log.open()
  if (started.kind === 'ready') {
    const stop = new AbortController()
    const shown = show(started.ports, parts, stop.signal).catch((error: Error) =>
      view.say(`the status cannot be shown: ${error.message}`),
    )
    await activator.ended
    stop.abort()
    await shown
  }
  const ended = await activator.ended
  view.close()
  if (signals.killedBy !== null) return exitOfSignal(signals.killedBy)
  if (started.kind === 'ended' && !signals.hasAsked)
    return notStarted(console, `the activator could not start: ${endText(ended)}`)
  if (signals.hasAsked && (ended.code === 0 || started.kind === 'ended')) return EXIT_OK
  console.err(`pilotlight: the activator ended unexpectedly: ${endText(ended)}\n`)
  return EXIT_FAILED
}

async function show(ports: ActivatorPorts, parts: Parts, signal: AbortSignal): Promise<void> {
  const { console, options, view } = parts
  const base = `http://127.0.0.1:${ports.admin}`
  const report = await getJson<StatusReport>(base, '/status')
  const page = options.hasPage ? `${base}/` : null
  for (const line of introduction(report, ports, page)) view.say(line)
  if (options.opensPage && page !== null) openBrowser(page, console.env.BROWSER, (text) => view.say(text))
  await watch(
    base,
    { onStatus: (status) => view.status(status), onColdStart: (record) => view.coldStart(record) },
    signal,
  )
}

function notStarted(console: Console, problem: string): number {
  for (const line of problem.split('\n')) console.err(`pilotlight: ${line}\n`)
  return EXIT_NOT_STARTED
}

function endText({ code, signal }: Ended): string {
  return signal === null ? `its exit code is ${code}` : `${signal} ended it`
}
