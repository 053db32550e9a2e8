import type { Exchange } from '@pilotlight/relay'
import type { Session } from 'node:inspector'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import { type Answers, pathOf } from './answers.ts'

/** Length of a CPU profile when none is asked for, and at most, seconds. Go's default is 30. */
const PROFILE_SECONDS = 30
const PROFILE_SECONDS_MAX = 300

const INDEX = `/debug/pprof/

profile?seconds=30   CPU profile; open it in the performance panel of Chromium's developer tools, or with speedscope
heap                 sizes of the heap and its spaces, bytes
cmdline              how this process was started
`

/**
 * The profiling port. Paths are those of Go's pprof, contents are Node's: profiles of V8 in the `.cpuprofile` format.
 */
export class ProfilingPort {
  readonly #answers: Answers
  #isProfiling = false

  constructor(answers: Answers) {
    this.#answers = answers
  }

  /** Answers a request on the profiling port. */
  answer(exchange: Exchange): void {
    if (exchange.request.method !== 'GET' && exchange.request.method !== 'HEAD')
      return this.#answers.answerError(
        exchange,
        405,
        'only GET is served here\n',
        '',
        'refused',
        'Allow: GET, HEAD\r\n',
      )
    switch (pathOf(exchange)) {
      case '/debug/pprof/':
        return this.#answers.answer(exchange, 200, INDEX)
      case '/debug/pprof/cmdline':
        return this.#answers.answer(exchange, 200, [...process.execArgv, ...process.argv].join('\0'))
      case '/debug/pprof/heap':
        return answerJson(this.#answers, exchange, JSON.stringify(heapFigures(), null, 2))
      case '/debug/pprof/profile':
        return this.#profile(exchange)
      default:
        return this.#answers.answerNotFound(exchange)
    }
  }

  #profile(exchange: Exchange): void {
    const asked = new URLSearchParams(exchange.request.target.split('?')[1] ?? '').get('seconds')
    const seconds = asked === null ? PROFILE_SECONDS : Number(asked)
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > PROFILE_SECONDS_MAX) {
      const text = `seconds is ${JSON.stringify(asked)}: it must be a whole number from 1 to ${PROFILE_SECONDS_MAX}\n`
      return this.#answers.answerError(exchange, 400, text, '', 'refused')
    }
    if (this.#isProfiling)
      return this.#answers.answerError(exchange, 409, 'a CPU profile is being taken\n', '', 'refused')
    this.#isProfiling = true
    void takeProfile(seconds)
      .then(
        (profile) => answerJson(this.#answers, exchange, profile),
        (error: Error) =>
          this.#answers.answerError(exchange, 500, `${error.message}\n`, 'proxy_internal_error', 'ok'),
      )
      .finally(() => (this.#isProfiling = false))
  }
}

function answerJson(answers: Answers, exchange: Exchange, json: string): void {
  exchange.reply(200, `Content-Type: application/json\r\n${answers.proxyStatus()}`, json)
}

/** What V8 and the system say of our memory, bytes. */
function heapFigures(): object {
  return { memory: process.memoryUsage(), heap: getHeapStatistics(), spaces: getHeapSpaceStatistics() }
}

async function takeProfile(seconds: number): Promise<string> {
  const { Session } = await import('node:inspector')
  const session = new Session()
  session.connect()
  try {
    await post(session, 'Profiler.enable')
    await post(session, 'Profiler.start')
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const { profile } = (await post(session, 'Profiler.stop')) as { profile: object }
    return JSON.stringify(profile)
  } finally {
    session.disconnect()
  }
}

function post(
  session: Session,
  method: 'Profiler.enable' | 'Profiler.start' | 'Profiler.stop',
): Promise<unknown> {
  return new Promise((resolve, reject) =>
    session.post(method, (error: Error | null, result?: unknown) => {
      if (error === null) resolve(result)
      else reject(error)
    }),
  )
}
