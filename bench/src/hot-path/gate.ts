/** Judges a run by the ratios of gate.json. Never by an absolute time: machines differ, ratios within one run do not. */
import { readFileSync } from 'node:fs'
import { compare, type Comparison } from './medians.ts'
import { subject } from './proxies.ts'
import type { CaseRounds } from './rounds.ts'

const MEGABYTE = 1024 * 1024

/** One line of gate.json: CPU per request at most `atMost` times that of `against`, or RSS at most `atMostMoreMegabytes` above. */
export type Target = { case: string; against: string } & (
  { metric: 'cpu'; atMost: number } | { metric: 'peakRss'; atMostMoreMegabytes: number }
)

export interface GateRules {
  /** What noise may add: CPU ratios are allowed `cpuFactor` times their target, RSS `rssMegabytes` above it. */
  slack: { cpuFactor: number; rssMegabytes: number }
  targets: Target[]
}

export interface Verdict {
  target: Target
  outcome: 'met' | 'within slack' | 'violated' | 'skipped'
  line: string
}

/** Reads bench/gate.json. */
export function readGateRules(): GateRules {
  return JSON.parse(readFileSync(new URL('../../gate.json', import.meta.url), 'utf8')) as GateRules
}

/** Judges every target; `missing` gives the reason why a proxy did not run. */
export function judge(
  rules: GateRules,
  cases: readonly CaseRounds[],
  missing: ReadonlyMap<string, string>,
): Verdict[] {
  return rules.targets.map((target) => {
    const { what, unit, atMost, limit, scale, comparison } = weigh(rules, target, cases)
    const title = `${target.case} ${subject}'s ${what} ${target.against}`
    if (comparison === null) {
      const reason = missing.get(target.against) ?? missing.get(subject) ?? 'no round was measured'
      return { target, outcome: 'skipped', line: `skipped   ${title}: ${reason}` }
    }
    const value = comparison.median / scale
    const outcome = value <= atMost ? 'met' : value <= limit ? 'within slack' : 'violated'
    const range = `${(comparison.lowest / scale).toFixed(2)} to ${(comparison.highest / scale).toFixed(2)}`
    const numbers = `${value.toFixed(2)}${unit} (${range} in ${comparison.rounds} rounds), target ${atMost}${unit}, limit ${limit.toFixed(2)}${unit}`
    return {
      target,
      outcome,
      line: `${outcome === 'violated' ? 'VIOLATED ' : 'ok       '} ${title}: ${numbers}`,
    }
  })
}

interface Weighed {
  what: string
  unit: string
  atMost: number
  limit: number
  scale: number
  comparison: Comparison | null
}

function weigh(rules: GateRules, target: Target, cases: readonly CaseRounds[]): Weighed {
  const rounds = cases.find((item) => item.case.id === target.case)
  if (target.metric === 'cpu') {
    const { atMost } = target
    const comparison =
      rounds === undefined ? null : compare(rounds, subject, target.against, 'cpuMicrosPerRequest')
    return {
      what: 'CPU per request against',
      unit: 'x',
      atMost,
      limit: atMost * rules.slack.cpuFactor,
      scale: 1,
      comparison,
    }
  }
  const atMost = target.atMostMoreMegabytes
  const limit = atMost + rules.slack.rssMegabytes
  const comparison =
    rounds === undefined ? null : compare(rounds, subject, target.against, 'peakRssBytes', 'difference')
  return { what: 'peak RSS above', unit: ' MB', atMost, limit, scale: MEGABYTE, comparison }
}
