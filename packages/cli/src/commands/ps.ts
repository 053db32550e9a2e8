import type { StatusReport } from '@pilotlight/telemetry'
import { adminBase, askAdmin } from '../admin/admin-base.ts'
import { AdminError, getJson } from '../admin/admin-client.ts'
import { watch } from '../admin/watch.ts'
import type { Arguments } from '../command-line/arguments.ts'
import type { Console } from '../console.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { Screen } from '../terminal/screen.ts'
import { paintWith } from '../terminal/style.ts'
import { drawInstances } from '../views/instance-table.ts'
import { drawStatus } from '../views/status-table.ts'

/** `pilotlight ps`. */
export function ps(args: Arguments, console: Console): Promise<number> {
  const base = adminBase(args)
  return askAdmin(console, () =>
    args.has('watch') ? follow(base, args, console) : show(base, args, console),
  )
}

async function show(base: string, args: Arguments, console: Console): Promise<number> {
  const report = await getJson<StatusReport>(base, '/status')
  const text = args.has('json') ? JSON.stringify(report, null, 2) : linesOf(report, console).join('\n')
  console.out(`${text}\n`)
  return EXIT_OK
}

async function follow(base: string, args: Arguments, console: Console): Promise<number> {
  const screen = console.isLive && !args.has('json') ? new Screen(console) : null
  const onStatus = (report: StatusReport): void => {
    if (screen !== null) screen.draw(linesOf(report, console))
    else if (args.has('json')) console.out(`${JSON.stringify(report)}\n`)
    else console.out(`${linesOf(report, console).join('\n')}\n\n`)
  }
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal).once('SIGHUP', onSignal)
  try {
    await watch(base, { onStatus, onColdStart: () => {} }, stop.signal)
  } finally {
    screen?.close()
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal)
  }
  if (!stop.signal.aborted) throw new AdminError(`what ran at ${base} has ended`, true)
  return EXIT_OK
}

/** On a terminal, one column stays free: some break a line that fills them all. */
function linesOf(report: StatusReport, console: Console): string[] {
  const paint = paintWith(console.hasColours)
  const width = console.isLive ? console.width() - 1 : Infinity
  const instances = drawInstances(report, width, paint)
  return [...drawStatus(report, width, paint), ...(instances.length === 0 ? [] : ['', ...instances])]
}
