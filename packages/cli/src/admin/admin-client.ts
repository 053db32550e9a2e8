import type { IncomingMessage } from 'node:http'

const http = process.getBuiltinModule('node:http')

/** An answer may be so large, bytes; a status with 1000 revisions is far below it. */
const BODY_MAX = 32 * 1024 * 1024
const ANSWER_MS = 10_000

/** Why the admin port did not answer as it should. */
export class AdminError extends Error {
  /** Nothing listens there, or what listens is no activator. */
  readonly isNotRunning: boolean

  constructor(message: string, isNotRunning: boolean) {
    super(message)
    this.name = 'AdminError'
    this.isNotRunning = isNotRunning
  }
}

/**
 * Asks the admin port for JSON. `base` is its URL, `path` begins with `/`. Rejects with an {@link AdminError} that names the URL when nothing
 * listens, when it takes longer than 10 s or more than 32 MiB, and with the activator's own message when it has no such thing.
 */
export async function getJson<T>(base: string, path: string): Promise<T> {
  const url = adminUrl(base, path)
  const response = await openResponse(url)
  const timer = setTimeout(() => response.destroy(new Error('it took longer than 10 s')), ANSWER_MS)
  try {
    const text = await bodyOf(response)
    if (response.statusCode === 200) return parsed(text, url) as T
    throw new AdminError(messageOf(text) ?? `${url} answered with status ${response.statusCode}`, false)
  } catch (error) {
    if (error instanceof AdminError) throw error
    throw new AdminError(`${url} did not answer completely: ${(error as Error).message}`, false)
  } finally {
    clearTimeout(timer)
  }
}

/** Sends a GET and resolves with the head of its response. Rejects with an {@link AdminError}. */
export function openResponse(url: string, signal?: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, {
      agent: false,
      timeout: ANSWER_MS,
      ...(signal === undefined ? {} : { signal }),
    })
    sent.on('timeout', () => sent.destroy(new Error('it took longer than 10 s')))
    sent.on('error', (error) => reject(notRunning(url, error)))
    sent.on('response', (response) => {
      sent.setTimeout(0)
      resolve(response)
    })
    sent.end()
  })
}

/** The URL of a path of the admin port. */
export function adminUrl(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}${path}`
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_MAX) throw new Error(`it has more than ${BODY_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new AdminError(`${url} answered with something that is no JSON: no activator listens there`, true)
  }
}

/** What `{"message":"…"}` says. */
function messageOf(text: string): string | null {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    return typeof message === 'string' ? message : null
  } catch {
    return null
  }
}

function notRunning(url: string, { code, message }: NodeJS.ErrnoException): AdminError {
  const { origin } = new URL(url)
  const hint = 'start one with pilotlight up, or name its port with --admin-port'
  if (code === 'ECONNREFUSED') return new AdminError(`nothing runs at ${origin}: ${hint}`, true)
  return new AdminError(`${origin} cannot be reached (${message}): ${hint}`, true)
}
