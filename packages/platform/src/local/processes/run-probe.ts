import type { PlatformClock } from '../../clock.ts'
import type {
  LocalProcess,
  ProbeOutcome,
  ProbeSpec,
  ProcessEnd,
  ProcessEvents,
  ProcessSpec,
} from './process-spec.ts'

const NO_LIMITS = { cpu: null, memoryBytes: null }
/** Of what it wrote, what is told, characters. */
const SAID_MAX = 200

/** Runs an exec probe by `run`, which starts a process. */
export async function runProbe(
  { command, folder, env, timeoutMs }: ProbeSpec,
  clock: PlatformClock,
  run: (spec: ProcessSpec, events: ProcessEvents) => LocalProcess,
): Promise<ProbeOutcome> {
  const name = JSON.stringify(command[0])
  const { promise, resolve } = Promise.withResolvers<ProcessEnd>()
  const process = run(
    {
      name,
      command,
      folder,
      env,
      limits: NO_LIMITS,
      graceMs: 0,
      announces: false,
      hasLifeline: false,
    },
    { onStarted: () => {}, onAnnounced: () => {}, onEnded: resolve },
  )
  let isLate = false
  const cancel = clock.after(timeoutMs, () => {
    isLate = true
    process.kill()
  })
  const end = await promise
  cancel()
  if (isLate) return { ok: false, detail: `${name} did not end within ${timeoutMs / 1000} s` }
  return end.code === 0 ? { ok: true, detail: '' } : { ok: false, detail: describe(name, end) }
}

function describe(name: string, { code, signal, failure, lastLines }: ProcessEnd): string {
  if (failure !== '') return failure
  const said = (lastLines.at(-1) ?? '').slice(0, SAID_MAX)
  const how = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`
  return `${name} ${how}${said === '' ? '' : `: ${said}`}`
}
