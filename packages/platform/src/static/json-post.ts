/** How a POST ended. */
export interface PostResult {
  /** Of the answer; 0 when there was none. */
  readonly status: number
  /** Why there was no answer: a short code, such as ECONNREFUSED, which tells nothing about where it went. Empty when there was one. */
  readonly code: string
  /** The same in the words of whoever noticed it, for the log. */
  readonly detail: string
  /** Nothing came in time: the other side may have done its part, or not. */
  readonly isTimeout: boolean
}

/** A POST that is under way. */
export interface RunningPost {
  /** Never rejects. */
  readonly result: Promise<PostResult>
  /** Gives it up. */
  stop(): void
}

/**
 * POSTs JSON. Redirects are not followed. Node loads its own HTTP client with the first one, so that a process which never POSTs does not
 * pay for it.
 */
export function postJson(url: string, body: unknown, timeoutMs: number): RunningPost {
  const controller = new AbortController()
  let isTimeout = false
  const timer = setTimeout(() => {
    isTimeout = true
    controller.abort(new Error(`no answer within ${timeoutMs / 1000} s`))
  }, timeoutMs)
  timer.unref()
  const result = send(url, body, controller.signal)
    .then((status) => ({ status, code: '', detail: `status ${status}`, isTimeout: false }))
    .catch((error: unknown) => ({ status: 0, ...reasonOf(error), isTimeout }))
    .finally(() => clearTimeout(timer))
  return { result, stop: () => controller.abort(new Error('given up')) }
}

async function send(url: string, body: unknown, signal: AbortSignal): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    redirect: 'manual',
    signal,
  })
  // What it says does not matter, and must not be kept open.
  await response.body?.cancel()
  return response.status
}

function reasonOf(error: unknown): { code: string; detail: string } {
  const { cause } = error as Error
  const reason = (cause instanceof Error ? cause : error) as NodeJS.ErrnoException
  const code = typeof reason.code === 'string' ? reason.code : 'no answer'
  return { code, detail: reason.message === '' ? code : reason.message }
}
