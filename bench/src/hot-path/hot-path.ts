/** `npm run bench -- hot-path`: what one request costs in each proxy. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { planCores } from '../process/cores.ts'
import { shapes, type Case } from './cases.ts'
import { judge, readGateRules, type Verdict } from './gate.ts'
import type { Driver } from './load/driver.ts'
import { nativeDrivers } from './load/native-drivers.ts'
import { nodeDrivers } from './load/node-drivers.ts'
import type { Bench, Drivers } from './measure.ts'
import { help, readOptions, type Options } from './options.ts'
import { Origin } from './origin-process.ts'
import { allProxies, subject, type Proxy } from './proxies.ts'
import { writeResults } from './results.ts'
import { runCase, type CaseRounds } from './rounds.ts'
import { caseTable } from './table.ts'

const WARMUP_SECONDS = 0.7
/** A regression is there every time; a busy neighbour is not. A case over its limit is measured anew this often in all. */
const GATE_ATTEMPTS = 3
/** What a start, a stop or a late load generator may take at most, per measurement. */
const OVERHEAD_SECONDS_MAX = 30

/** Runs the sub-command; returns the exit code: 0, 1 for a violated gate, 2 for a wrong command line. */
export async function hotPath(args: string[]): Promise<number> {
  const names = allProxies(null).map(({ name }) => name)
  const { options, problems } = readOptions(args, process.env, names)
  if (problems.length > 0) {
    console.error([...problems, '', help].join('\n'))
    return 2
  }
  if (options.wantsHelp) {
    console.log(help)
    return 0
  }
  const { present, missing } = await findProxies(options)
  const native = options.usesNativeLoad ? nativeDrivers() : []
  if (options.wantsList) {
    console.log(listing(present, missing, [...native, ...nodeDrivers]))
    return 0
  }
  for (const [name, reason] of missing) console.log(`without ${name}: ${reason}`)
  if (options.isGate && missing.has(subject)) {
    console.error(`nothing to judge: ${missing.get(subject)}`)
    return 1
  }
  return await run(options, present, missing, native)
}

async function findProxies(options: Options): Promise<{ present: Proxy[]; missing: Map<string, string> }> {
  const present: Proxy[] = []
  const missing = new Map<string, string>()
  for (const proxy of allProxies(options.knativeQueueProxy)) {
    const isChosen = options.proxies.length === 0 || options.proxies.includes(proxy.name)
    const reason = isChosen ? await proxy.missing() : 'not chosen'
    if (reason === null) present.push(proxy)
    else if (isChosen || options.isGate) missing.set(proxy.name, reason)
  }
  return { present, missing }
}

async function run(
  options: Options,
  proxies: Proxy[],
  missing: Map<string, string>,
  native: Driver[],
): Promise<number> {
  const startedAt = new Date()
  const scratch = mkdtempSync(join(tmpdir(), 'pilotlight-bench-'))
  // the children end by themselves when this process does, see process/launch.ts
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }))
  process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143))
  const cores = planCores()
  console.log(`Node ${process.version}, ${cores.note}`)
  const origin = await Origin.start(cores.origin)
  const bench: Bench = {
    origin,
    cores,
    nodeFlags: options.nodeFlags,
    compileCache: join(scratch, 'compile-cache'),
    scratch,
    windowSeconds: options.windowSeconds,
    warmupSeconds: WARMUP_SECONDS,
    measuresLatency: !options.isGate,
  }
  endAfter(options, proxies.length)
  const runAll = async (items: readonly Case[]): Promise<CaseRounds[]> => {
    const results: CaseRounds[] = []
    for (const item of items) {
      const drivers = chooseDrivers(item, native)
      const result = await runCase(bench, item, proxies, drivers, options.rounds, progress)
      results.push(result)
      console.log(`\n${caseTable(result)}`)
    }
    return results
  }
  let cases = await runAll(options.cases)
  let verdicts = options.isGate ? judge(readGateRules(), cases, missing) : []
  for (let attempt = 2; attempt <= GATE_ATTEMPTS && failing(verdicts, cases).length > 0; attempt++) {
    const items = failing(verdicts, cases)
    const names = items.map(({ id }) => id).join(', ')
    console.log(`\nover a limit: ${names}; measured again, ${attempt} of ${GATE_ATTEMPTS}`)
    const again = await runAll(items)
    cases = cases.map((result) => again.find((one) => one.case.id === result.case.id) ?? result)
    verdicts = judge(readGateRules(), cases, missing)
  }
  await origin.stop()
  const drivers = [...native, ...nodeDrivers]
  const path = writeResults({
    startedAt,
    options,
    pinning: cores.note,
    proxies,
    missing,
    drivers,
    cases,
    verdicts,
  })
  console.log(`\nwritten to ${path}`)
  return options.isGate ? conclude(verdicts, cases) : 0
}

/** The cases that do not pass the gate. */
function failing(verdicts: readonly Verdict[], cases: readonly CaseRounds[]): Case[] {
  const isFailing = (result: CaseRounds): boolean =>
    hasErrors(result) ||
    verdicts.some(({ outcome, target }) => outcome === 'violated' && target.case === result.case.id)
  return cases.filter(isFailing).map((result) => result.case)
}

function hasErrors({ proxies }: CaseRounds): boolean {
  return proxies.some((row) => row.proxy === subject && row.complaints.length > 0)
}

/** Whatever hangs, the run ends. */
function endAfter({ cases, rounds, windowSeconds }: Options, proxies: number): void {
  const seconds = 2 * (WARMUP_SECONDS + windowSeconds) + OVERHEAD_SECONDS_MAX
  const giveUp = (): void => {
    console.error('\nbench: took far too long, given up')
    process.exit(1)
  }
  setTimeout(giveUp, cases.length * proxies * (rounds + 1) * seconds * GATE_ATTEMPTS * 1000).unref()
}

/** The fastest load generator keeps the proxy busy, the one made for it records latency; they may be the same. */
function chooseDrivers({ shape }: Case, native: readonly Driver[]): Drivers {
  const latency = nodeDrivers.find((driver) => driver.canRun(shape))!
  return { load: native.find((driver) => driver.canRun(shape)) ?? latency, latency }
}

function conclude(verdicts: readonly Verdict[], cases: readonly CaseRounds[]): number {
  console.log('\ngate:')
  for (const { line } of verdicts) console.log(`  ${line}`)
  const broken = cases.filter(hasErrors)
  for (const item of broken) console.log(`  VIOLATED  ${item.case.id} ${subject} had errors, see above`)
  return verdicts.some(({ outcome }) => outcome === 'violated') || broken.length > 0 ? 1 : 0
}

function listing(present: Proxy[], missing: Map<string, string>, drivers: Driver[]): string {
  const lines = ['cases:']
  for (const shape of shapes) {
    const ids = shape.connections
      .map((count) => (shape.streams > 1 ? `${count}x${shape.streams}` : count))
      .join(', ')
    lines.push(`  ${shape.name.padEnd(12)} ${shape.says}, at ${ids} connections`)
  }
  lines.push('proxies:')
  for (const { name, says, version } of present)
    lines.push(`  ${name.padEnd(12)} ${says}${version === null ? '' : ` (${version})`}`)
  for (const [name, reason] of missing) lines.push(`  ${name.padEnd(12)} missing: ${reason}`)
  lines.push('load generators:')
  for (const { name, version } of drivers) lines.push(`  ${name.padEnd(12)} ${version ?? 'in this folder'}`)
  return lines.join('\n')
}

function progress(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`)
}
