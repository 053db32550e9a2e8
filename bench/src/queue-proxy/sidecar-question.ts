/** A question about sidecars: reads the command line, finds the programs, makes the setup and asks. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Origin } from '../hot-path/origin-process.ts'
import { planCores } from '../process/cores.ts'
import { ask } from '../question/ask.ts'
import { questionHelp, readQuestionOptions, type OptionRules } from '../question/options.ts'
import type { Part } from '../question/part.ts'
import { findPrograms, nothingToMeasure, type Setup } from './setup.ts'

const WINDOW_SECONDS = 1.3

/** Runs it; returns the exit code: 0, 1 for a violated gate, 2 for a wrong command line. */
export async function sidecarQuestion(
  rules: OptionRules & { parts: readonly Part<Setup>[] },
  args: string[],
): Promise<number> {
  const { options, problems } = readQuestionOptions(args, process.env, rules)
  if (problems.length > 0) {
    console.error([...problems, '', questionHelp(rules)].join('\n'))
    return 2
  }
  if (options.wantsHelp) {
    console.log(questionHelp(rules))
    return 0
  }
  const programs = await findPrograms(options.nodeFlags, options.knativeQueueProxy)
  const nothing = nothingToMeasure(programs)
  if (nothing !== null) {
    console.error(`nothing to measure: ${nothing}`)
    return 1
  }
  const scratch = mkdtempSync(join(tmpdir(), 'pilotlight-bench-'))
  // the children end by themselves when this process does, see process/launch.ts
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }))
  process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143))
  const cores = planCores()
  console.log(`Node ${process.version}, ${cores.note}`)
  const origin = await Origin.start(cores.origin)
  const setup: Setup = {
    cores,
    programs: programs.present,
    rounds: options.rounds,
    bench: {
      origin,
      cores,
      nodeFlags: [],
      compileCache: join(scratch, 'compile-cache'),
      scratch,
      windowSeconds: WINDOW_SECONDS,
      warmupSeconds: 0,
      measuresLatency: false,
    },
  }
  const question = {
    name: rules.question,
    parts: rules.parts,
    setup,
    pinning: cores.note,
    missing: programs.missing,
    programs: Object.fromEntries(programs.present.map(({ name, command }) => [name, command.join(' ')])),
  }
  const code = await ask(question, options)
  await origin.stop()
  return code
}
