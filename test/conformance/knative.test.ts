import { join } from 'node:path'
import t from 'tap'
import { differencesTable } from './differences.ts'
import { groups } from './groups.ts'
import { namespaceCommand } from './support/namespace.ts'
import { accepts, KNATIVE_FIXED_PORTS } from './support/subject.ts'

/*
 * The same scenarios against Knative's queue-proxy, which is what the expectations were measured on. Its ports are fixed,
 * so that every group runs in a network namespace of its own, all at the same time, where the system lets us.
 */

const JOBS = 8
const GROUP_PROCESS = join(import.meta.dirname, 'group-process.ts')
const binary = process.env['KNATIVE_QUEUE_PROXY'] ?? ''

/** Why nothing can be run, '' if it can. */
async function reasonToSkip(isolated: boolean): Promise<string> {
  if (binary === '') return 'KNATIVE_QUEUE_PROXY does not name the binary of a Knative queue-proxy'
  if (isolated) return ''
  for (const port of KNATIVE_FIXED_PORTS)
    if (await accepts(port)) return `port ${port}, which Knative cannot move, is taken`
  return ''
}

const into = namespaceCommand()
/** Why nothing is run here; empty when it is. */
const reason = await reasonToSkip(into !== null)

if (reason !== '') t.pass(reason, { skip: reason })
else {
  // Tens of seconds of quiet before a drain ends, and a minute for what was upgraded.
  t.setTimeout(600_000)
  t.jobs = into === null ? 1 : JOBS
  await Promise.all(
    groups
      .toSorted((a, b) => Number(b.isSlow ?? false) - Number(a.isSlow ?? false))
      .map((group) => {
        if (group.tls === true && into === null)
          return t.test(
            group.name,
            { skip: 'the path of its certificate is fixed and not ours to write' },
            () => {},
          )
        const [program, ...args] = [
          ...(into ?? []),
          process.execPath,
          ...process.execArgv,
          GROUP_PROCESS,
          group.name,
        ]
        return t.spawn(program, args, { buffered: true, timeout: 300_000, name: group.name })
      }),
  )
  for (const line of differencesTable()) t.comment(line)
}
