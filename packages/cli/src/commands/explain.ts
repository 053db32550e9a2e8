import type { ColdStartRecord, RequestTimeline } from '@pilotlight/telemetry'
import { adminBase, askAdmin } from '../admin/admin-base.ts'
import { getJson } from '../admin/admin-client.ts'
import type { Arguments } from '../command-line/arguments.ts'
import type { Console } from '../console.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { paintWith } from '../terminal/style.ts'
import { drawColdStart, drawTimeline } from '../views/waterfall.ts'

/** `pilotlight explain`. */
export function explain(args: Arguments, console: Console): Promise<number> {
  const base = adminBase(args)
  const [id] = args.operands
  const show = (value: ColdStartRecord | RequestTimeline): number => {
    const text = args.has('json') ? JSON.stringify(value, null, 2) : linesOf(value, console).join('\n')
    console.out(`${text}\n`)
    return EXIT_OK
  }
  return askAdmin(console, async () =>
    id === 'last'
      ? show(await getJson<ColdStartRecord>(base, '/cold-starts/last'))
      : show(await getJson<RequestTimeline>(base, `/requests/${encodeURIComponent(id)}`)),
  )
}

function linesOf(value: ColdStartRecord | RequestTimeline, console: Console): string[] {
  const paint = paintWith(console.hasColours)
  const width = console.width()
  return 'coldStart' in value ? drawTimeline(value, width, paint) : drawColdStart(value, width, paint)
}
