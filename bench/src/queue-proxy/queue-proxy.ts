/** `npm run bench -- queue-proxy`: what our sidecar costs beside Knative's. */
import { sidecarMetricsPart } from '../hot-path/metrics-cost.ts'
import type { Part } from '../question/part.ts'
import { cpuPart } from './cpu.ts'
import { heldPart } from './held.ts'
import { idlePart } from './idle.ts'
import { latencyPart } from './latency.ts'
import type { Setup } from './setup.ts'
import { sidecarQuestion } from './sidecar-question.ts'
import { memoryPart, startPart } from './start.ts'

const WARMUP_SECONDS = 1
const WARMUP_H2_SECONDS = 3

const parts: readonly Part<Setup>[] = [
  cpuPart({
    name: 'cc0',
    says: '12 B response, 64 connections, CONTAINER_CONCURRENCY 0',
    isGated: true,
    caseId: '12b@64',
    containerConcurrency: 0,
    warmupSeconds: WARMUP_SECONDS,
    hasRelay: true,
  }),
  cpuPart({
    name: 'cc100',
    says: '12 B response, 64 connections, CONTAINER_CONCURRENCY 100',
    isGated: true,
    caseId: '12b@64',
    containerConcurrency: 100,
    warmupSeconds: WARMUP_SECONDS,
    hasRelay: false,
  }),
  cpuPart({
    name: 'h2c',
    says: '12 B response over h2c, 8 connections of 8 streams, CONTAINER_CONCURRENCY 100',
    isGated: true,
    caseId: 'h2c@8x8',
    containerConcurrency: 100,
    warmupSeconds: WARMUP_H2_SECONDS,
    hasRelay: false,
  }),
  cpuPart({
    name: '1m',
    says: '1 MB response, 64 connections, CONTAINER_CONCURRENCY 100',
    isGated: false,
    caseId: '1m@64',
    containerConcurrency: 100,
    warmupSeconds: WARMUP_SECONDS,
    hasRelay: false,
  }),
  sidecarMetricsPart,
  latencyPart,
  heldPart,
  startPart,
  memoryPart,
  idlePart,
]

/** Runs the sub-command; returns the exit code: 0, 1 for a violated gate, 2 for a wrong command line. */
export async function queueProxy(args: string[]): Promise<number> {
  const repeats = { option: 'rounds', says: 'rounds of each case', table: 3, gate: 3 }
  return await sidecarQuestion({ question: 'queue-proxy', parts, repeats }, args)
}
