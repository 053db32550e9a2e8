/** The report for people. */
import { compare, medianOf, type Figure } from './medians.ts'
import { floor, subject } from './proxies.ts'
import type { CaseRounds, ProxyRounds } from './rounds.ts'

const MEGABYTE = 1024 * 1024

/** One case as an aligned table of medians, and our ratios to every other proxy below it. */
export function caseTable(rounds: CaseRounds): string {
  const { id, shape, connections } = rounds.case
  const streams = shape.streams > 1 ? ` of ${shape.streams} streams` : ''
  const latency = rounds.latency === rounds.load ? '' : `, latency by ${rounds.latency}`
  const title = `${id}: ${shape.says}, ${connections} connections${streams}; load by ${rounds.load}${latency}`
  const header = [
    '',
    'req/s',
    'CPU µs/req',
    `x ${floor}`,
    'core %',
    'p50 ms',
    'p99 ms',
    'RSS MB',
    'peak MB',
    'others %',
    'errors',
  ]
  const lines = [title, '', ...align([header, ...rounds.proxies.map((row) => cells(rounds, row))])]
  const ours = ratiosOfSubject(rounds)
  if (ours !== null) lines.push('', ours)
  for (const row of rounds.proxies) {
    for (const complaint of new Set(row.complaints)) lines.push(`  ! ${row.proxy}: ${complaint}`)
  }
  return lines.join('\n')
}

function cells(rounds: CaseRounds, row: ProxyRounds): string[] {
  const show = (figure: Figure, scale: number, digits: number): string => {
    const value = medianOf(row, figure)
    return value === null ? '-' : (value / scale).toFixed(digits)
  }
  return [
    row.proxy,
    show('requestsPerSecond', 1, 0),
    show('cpuMicrosPerRequest', 1, 1),
    compare(rounds, row.proxy, floor, 'cpuMicrosPerRequest')?.median.toFixed(2) ?? '-',
    show('coresUsed', 0.01, 0),
    show('p50Micros', 1000, 2),
    show('p99Micros', 1000, 2),
    show('rssBytes', MEGABYTE, 1),
    show('peakRssBytes', MEGABYTE, 1),
    show('othersCores', 0.01, 0),
    String(row.rounds.reduce((sum, round) => sum + (round?.errors ?? 0), 0)),
  ]
}

function ratiosOfSubject(rounds: CaseRounds): string | null {
  const parts: string[] = []
  for (const { proxy } of rounds.proxies) {
    const ratio = proxy === subject ? null : compare(rounds, subject, proxy, 'cpuMicrosPerRequest')
    if (ratio !== null) parts.push(`${ratio.median.toFixed(2)}x ${proxy}`)
  }
  return parts.length === 0 ? null : `  ${subject}'s CPU per request: ${parts.join(', ')}`
}

function align(rows: string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) => {
    const padded = row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
    return `  ${padded.join('  ')}`
  })
}
