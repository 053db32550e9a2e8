/** `npm run bench -- cold-start`: how soon a sidecar notices that its app listens, and what the whole way from zero takes. */
import { delayPart } from './delay.ts'
import { waitCpuPart } from './cpu.ts'
import { localPart } from './local.ts'
import { KNATIVE_POLLED, POLLED, WAITING } from './contenders.ts'
import { sidecarQuestion } from '../queue-proxy/sidecar-question.ts'

const all = [WAITING, POLLED, KNATIVE_POLLED]

const parts = [
  delayPart({
    name: 'tcp',
    says: 'tcpSocket probe, the app starts at once',
    isGated: true,
    kind: 'tcpSocket',
    contenders: all,
    headStartMs: 0,
    share: 1,
  }),
  delayPart({
    name: 'http',
    says: 'httpGet probe, the app starts at once',
    isGated: true,
    kind: 'httpGet',
    contenders: all,
    headStartMs: 0,
    share: 1,
  }),
  delayPart({
    name: 'late',
    says: 'tcpSocket probe, the app starts after 1.2 s of waiting',
    isGated: true,
    kind: 'tcpSocket',
    contenders: [WAITING],
    headStartMs: 1200,
    share: 5,
  }),
  waitCpuPart,
  localPart,
]

/** Runs the sub-command; returns the exit code: 0, 1 for a violated gate, 2 for a wrong command line. */
export async function coldStart(args: string[]): Promise<number> {
  const repeats = { option: 'starts', says: 'starts for each row', table: 100, gate: 100 }
  return await sidecarQuestion({ question: 'cold-start', parts, repeats }, args)
}
