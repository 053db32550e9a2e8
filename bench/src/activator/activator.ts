/** `npm run bench -- activator`: what the activator costs, and how it does under more than it can take. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { planCores } from '../process/cores.ts'
import { ask } from '../question/ask.ts'
import { questionHelp, readQuestionOptions, type OptionRules } from '../question/options.ts'
import type { Part } from '../question/part.ts'
import { OURS, ownSidecar } from '../queue-proxy/sidecars.ts'
import { cpuPart } from './cpu.ts'
import { drainPart } from './drain.ts'
import { handoverPart } from './handover.ts'
import { heldPart } from './held.ts'
import { activatorMetricsPart } from './metrics.ts'
import { overloadPart } from './overload.ts'
import { ACTIVATOR, ownActivator } from './program.ts'
import { revisionsPart } from './revisions.ts'
import type { Setup } from './setup.ts'

const QUICK = '--quick'
const QUICK_HELP = `\n${QUICK} makes the overload last 10 s instead of 60.`

const parts: readonly Part<Setup>[] = [
  cpuPart,
  activatorMetricsPart,
  heldPart,
  handoverPart,
  drainPart,
  revisionsPart,
  overloadPart,
]
const rules: OptionRules & { parts: readonly Part<Setup>[] } = {
  question: ACTIVATOR,
  parts,
  repeats: { option: 'rounds', says: 'rounds of each case', table: 3, gate: 3 },
}

/** Runs the sub-command; returns the exit code: 0, 1 for a violated gate, 2 for a wrong command line. */
export async function activator(args: string[]): Promise<number> {
  const isQuick = args.includes(QUICK)
  const { options, problems } = readQuestionOptions(
    args.filter((arg) => arg !== QUICK),
    process.env,
    rules,
  )
  if (problems.length > 0) {
    console.error([...problems, '', questionHelp(rules), QUICK_HELP].join('\n'))
    return 2
  }
  if (options.wantsHelp) {
    console.log([questionHelp(rules), QUICK_HELP].join('\n'))
    return 0
  }
  const program = ownActivator(options.nodeFlags)
  const sidecar = ownSidecar([])
  const reason = program.missing() ?? (await sidecar.missing())
  if (reason !== null) {
    console.error(`nothing to measure: ${reason}`)
    return 1
  }
  const scratch = mkdtempSync(join(tmpdir(), 'pilotlight-bench-'))
  // the children end by themselves when this process does, see process/launch.ts
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }))
  process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143))
  const cores = planCores()
  console.log(`Node ${process.version}, ${cores.note}`)
  const setup: Setup = { cores, activator: program, sidecar, rounds: options.rounds, isQuick, scratch }
  const question = {
    name: ACTIVATOR,
    parts,
    setup,
    pinning: cores.note,
    missing: new Map<string, string>(),
    programs: { [ACTIVATOR]: program.command.join(' '), [OURS]: sidecar.command.join(' ') },
  }
  return await ask(question, options)
}
