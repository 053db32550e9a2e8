import { Agent, type ClientRequest, type IncomingHttpHeaders, request as httpRequest } from 'node:http'
import { Events } from '../../conformance/support/events.ts'
import { within } from '../../conformance/support/within.ts'

/** An answer, its body read to a clean end. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A request of a test. */
export interface RequestOptions {
  readonly path?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  /** Sent at once; without it the request has no body. */
  readonly body?: string | Buffer
  /** The body is sent by the test through {@link Pending.request}. */
  readonly isStreamed?: boolean
  /** Connections that are used again; without it the request has one of its own. */
  readonly agent?: Agent
}

/** A request under way. */
export interface Pending {
  readonly request: ClientRequest
  /** Rejects when the answer is cut, with what had come of it in `received`. */
  readonly answer: Promise<Answer>
  /** What comes of the body of the answer, piece by piece. */
  readonly arrived: Events<string>
}

/** An answer that did not come to its end. */
export class CutAnswer extends Error {
  /** What had come of the body. */
  readonly received: Buffer

  constructor(received: Buffer) {
    super('the answer was cut')
    this.received = received
  }
}

/** Sends a request to 127.0.0.1. */
export function send(port: number, options: RequestOptions = {}): Pending {
  const hasBody = options.body !== undefined || options.isStreamed === true
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    path: options.path ?? '/',
    method: options.method ?? (hasBody ? 'POST' : 'GET'),
    headers: options.headers ?? {},
    agent: options.agent ?? false,
  })
  const arrived = new Events<string>('pieces of the answer')
  const answer = new Promise<Answer>((resolve, reject) => {
    const pieces: Buffer[] = []
    let hasBegun = false
    // A connection that is reset inside an answer is the end of the request for Node, too, and that may be told first.
    request.on('error', (error) => reject(hasBegun ? new CutAnswer(Buffer.concat(pieces)) : error))
    request.on('response', (response) => {
      hasBegun = true
      response.on('data', (piece: Buffer) => {
        pieces.push(piece)
        arrived.push(piece.toString())
      })
      response.on('error', () => reject(new CutAnswer(Buffer.concat(pieces))))
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces) }),
      )
    })
  })
  const inTime = within(`an answer to ${options.path ?? '/'}`, answer)
  // A test may look at something else first.
  inTime.catch(() => {})
  if (options.isStreamed !== true) request.end(options.body)
  return { request, answer: inTime, arrived }
}

/** Requests that go on, one after another on each of some connections, until they are stopped. */
export class Load {
  readonly #agent: Agent
  readonly #loops: Promise<void>[] = []
  readonly #failures: string[] = []
  #answered = 0
  #isOver = false
  #awaited: { count: number; resolve: () => void }[] = []

  /** `next` sends one request. */
  constructor(connections: number, next: (agent: Agent) => Pending) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
    for (let i = 0; i < connections; i++) this.#loops.push(this.#run(next))
  }

  async #run(next: (agent: Agent) => Pending): Promise<void> {
    while (!this.#isOver) {
      try {
        const { status, body } = await next(this.#agent).answer
        if (status !== 200) this.#failures.push(`${status} ${body.toString()}`)
      } catch (error) {
        this.#failures.push((error as Error).message)
      }
      this.#answered++
      this.#awaited = this.#awaited.filter(({ count, resolve }) => {
        if (this.#answered < count) return true
        resolve()
        return false
      })
    }
  }

  /** Resolves when `count` more requests have been answered. */
  async more(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#awaited.push({ count: this.#answered + count, resolve })
    await within(`${count} more answers under load`, promise)
  }

  /** Sends no more. Resolves with what was not answered by 200. */
  async stop(): Promise<readonly string[]> {
    this.#isOver = true
    await within('the load ends', Promise.all(this.#loops))
    this.#agent.destroy()
    return this.#failures
  }
}
