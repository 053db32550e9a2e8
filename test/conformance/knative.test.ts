import { execFile } from 'node:child_process'
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
/** For one group, ms: tens of seconds of quiet before a drain ends, and a minute for what was upgraded. */
const GROUP_MS = 250_000
const OUTPUT_MAX = 64 * 1024 * 1024
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

/**
 * Runs a group. What is tested here are the expectations, not Knative, which on a busy machine loses a race of its own now
 * and then (a second of patience for 100, a place given back): therefore a group may be run twice.
 */
function runs(program: string, args: readonly string[]): Promise<{ isOk: boolean; output: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: GROUP_MS, maxBuffer: OUTPUT_MAX }, (error, stdout, stderr) =>
      resolve({ isOk: error === null, output: `${stdout}${stderr}` }),
    )
  })
}

const into = namespaceCommand()
/** Why nothing is run here; empty when it is. */
const reason = await reasonToSkip(into !== null)

if (reason !== '') t.pass(reason, { skip: reason })
else {
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
        return t.test(group.name, { buffered: true, timeout: 2 * GROUP_MS }, async (t) => {
          let { isOk, output } = await runs(program, args)
          if (!isOk) ({ isOk, output } = await runs(program, args))
          if (!isOk) t.comment(output)
          t.ok(isOk, 'every scenario does as is expected, in one of two runs')
        })
      }),
  )
  for (const line of differencesTable()) t.comment(line)
}
