import { parseArgs } from 'node:util'
import { chooseCases, gateCases, knownCaseNames, type Case } from './cases.ts'

export interface Options {
  cases: Case[]
  /** Names in the order given; empty: every proxy that can run. */
  proxies: string[]
  rounds: number
  windowSeconds: number
  isGate: boolean
  json: string | null
  nodeFlags: string[]
  knativeQueueProxy: string | null
  usesNativeLoad: boolean
  wantsList: boolean
  wantsHelp: boolean
}

const ROUNDS = { table: 3, gate: 5 }
const WINDOW_SECONDS = 2

export const help: string = `usage: npm run bench -- hot-path [options]

  --cases LIST               shapes or cases, comma-separated: 12b, 12b@64, 1m ... (--list names them)
  --connections LIST         connection counts instead of each shape's own, 1,64,1000
  --proxies LIST             only these proxies
  --rounds N                 rounds per case (${ROUNDS.table}; ${ROUNDS.gate} with --gate)
  --seconds N                length of one measured window (${WINDOW_SECONDS})
  --gate                     only ${gateCases.join(' and ')}, then judge by gate.json: exit 1 on a regression
  --json FILE                where the JSON goes (results/hot-path-<time>.json)
  --node-flags FLAGS         Node flags for every Node proxy alike, space-separated
  --load auto|node           auto: wrk and h2load where installed; node: only autocannon and its like
  --knative-queue-proxy PATH binary of Knative's queue-proxy to measure too (or env KNATIVE_QUEUE_PROXY)
  --list                     list cases, proxies and load generators, and what is missing here
  --help                     this text`

/** Reads the command line; every problem is in `problems`, not only the first. */
export function readOptions(
  args: string[],
  env: NodeJS.ProcessEnv,
  proxyNames: string[],
): { options: Options; problems: string[] } {
  const problems: string[] = []
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const known = {
    cases: text,
    connections: text,
    proxies: text,
    rounds: text,
    seconds: text,
    json: text,
    'node-flags': text,
    load: text,
    'knative-queue-proxy': text,
    gate: flag,
    list: flag,
    help: flag,
  }
  const { values, positionals, tokens } = parseArgs({
    args,
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  for (const word of positionals) problems.push(`'${word}' is not an option`)
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    if (!(token.name in known)) problems.push(`unknown option ${token.rawName}`)
    else if (known[token.name as keyof typeof known] === text && !token.value)
      problems.push(`${token.rawName} needs a value`)
    else if (known[token.name as keyof typeof known] === flag && token.value !== undefined)
      problems.push(`${token.rawName} takes no value`)
  }
  const given = (name: keyof typeof known): string | null => {
    const value = values[name]
    return typeof value === 'string' && value !== '' ? value : null
  }
  const list = (name: keyof typeof known): string[] =>
    given(name)
      ?.split(',')
      .map((item) => item.trim()) ?? []
  const number = (name: keyof typeof known, fallback: number, min: number, max: number): number => {
    const value = given(name)
    return value === null ? fallback : inRange(`--${name}`, value, min, max, problems)
  }

  const isGate = values['gate'] === true
  const rounds = number('rounds', isGate ? ROUNDS.gate : ROUNDS.table, 1, 100)
  if (!Number.isInteger(rounds)) problems.push(`--rounds: '${rounds}' is not a whole number`)
  const connections = list('connections').map((item) => inRange('--connections', item, 1, 10_000, problems))
  const names = list('cases')
  if (isGate && (names.length > 0 || connections.length > 0)) problems.push('--gate has its own cases')
  const cases = chooseCases(isGate ? gateCases : names, connections)
  const knownCases = [...knownCaseNames(), ...cases.map(({ id }) => id)]
  for (const name of names) if (!knownCases.includes(name)) problems.push(`--cases: there is no '${name}'`)
  const proxies = list('proxies')
  for (const name of proxies)
    if (!proxyNames.includes(name)) problems.push(`--proxies: there is no '${name}'`)
  const load = given('load') ?? 'auto'
  if (load !== 'auto' && load !== 'node') problems.push(`--load: '${load}' is neither auto nor node`)

  const options: Options = {
    cases,
    proxies,
    rounds,
    windowSeconds: number('seconds', WINDOW_SECONDS, 0.2, 60),
    isGate,
    json: given('json'),
    nodeFlags:
      given('node-flags')
        ?.split(' ')
        .filter((item) => item !== '') ?? [],
    knativeQueueProxy: given('knative-queue-proxy') ?? env['KNATIVE_QUEUE_PROXY'] ?? null,
    usesNativeLoad: load === 'auto',
    wantsList: values['list'] === true,
    wantsHelp: values['help'] === true,
  }
  return { options, problems }
}

function inRange(name: string, text: string, min: number, max: number, problems: string[]): number {
  const value = Number(text)
  if (text === '' || !(value >= min && value <= max))
    problems.push(`${name}: '${text}' is not a number from ${min} to ${max}`)
  return value
}
