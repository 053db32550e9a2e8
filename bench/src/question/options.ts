import { parseArgs } from 'node:util'

/** What a command line of these questions can say. */
export interface QuestionOptions {
  /** Names of parts; empty: all of them. */
  parts: string[]
  rounds: number
  isGate: boolean
  json: string | null
  nodeFlags: string[]
  knativeQueueProxy: string | null
  wantsHelp: boolean
}

/** What differs from question to question. */
export interface OptionRules {
  question: string
  parts: readonly { name: string; says: string; isGated: boolean }[]
  /** What is repeated, `rounds` or `starts`: the name of the option, and how often when it is not given. */
  repeats: { option: string; says: string; table: number; gate: number }
}

const REPEATS_MAX = 10_000

/** Reads the command line; every problem is in `problems`, not only the first. */
export function readQuestionOptions(
  args: string[],
  env: NodeJS.ProcessEnv,
  rules: OptionRules,
): { options: QuestionOptions; problems: string[] } {
  const problems: string[] = []
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const known = {
    cases: text,
    [rules.repeats.option]: text,
    json: text,
    'node-flags': text,
    'knative-queue-proxy': text,
    gate: flag,
    help: flag,
  }
  let values: Record<string, string | boolean | undefined> = {}
  try {
    values = parseArgs({ args, options: known }).values
  } catch (error) {
    problems.push((error as Error).message)
  }
  const given = (name: string): string | null => {
    const value = values[name]
    return typeof value === 'string' && value !== '' ? value : null
  }
  const isGate = values['gate'] === true
  const parts = given('cases')?.split(',') ?? []
  const names = rules.parts.map(({ name }) => name)
  for (const part of parts)
    if (!names.includes(part)) problems.push(`--cases: there is no '${part}', there are ${names.join(', ')}`)
    else if (isGate && !rules.parts.some(({ name, isGated }) => name === part && isGated))
      problems.push(`--cases: the gate has no targets for '${part}'`)
  const { option } = rules.repeats
  const repeats = given(option)
  const rounds = Number(repeats ?? rules.repeats[isGate ? 'gate' : 'table'])
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > REPEATS_MAX)
    problems.push(`--${option}: '${repeats}' is not a whole number from 1 to ${REPEATS_MAX}`)
  const options: QuestionOptions = {
    parts,
    rounds,
    isGate,
    json: given('json'),
    nodeFlags:
      given('node-flags')
        ?.split(' ')
        .filter((item) => item !== '') ?? [],
    knativeQueueProxy: given('knative-queue-proxy') ?? env['KNATIVE_QUEUE_PROXY'] ?? null,
    wantsHelp: values['help'] === true,
  }
  return { options, problems }
}

/** The text of `--help`. */
export function questionHelp({ question, parts, repeats }: OptionRules): string {
  const { option, says, table, gate } = repeats
  const lines = [
    `usage: npm run bench -- ${question} [options]`,
    '',
    '  --cases LIST               only these, comma-separated',
    `  ${`--${option} N`.padEnd(26)} ${says} (${table}; ${gate} with --gate)`,
    '  --gate                     judge by gate.json: exit 1 when a limit is broken',
    `  --json FILE                where the JSON goes (results/${question}-<time>.json)`,
    '  --node-flags=FLAGS         Node flags for our queue-proxy, space-separated',
    "  --knative-queue-proxy PATH binary of Knative's queue-proxy (or env KNATIVE_QUEUE_PROXY)",
    '  --help                     this text',
    '',
    'cases:',
  ]
  for (const { name, says: what, isGated } of parts)
    lines.push(`  ${name.padEnd(12)} ${what}${isGated ? '' : ' (not in the gate)'}`)
  return lines.join('\n')
}
