import type { H2Answer } from '../support/h2-client.ts'
import type { Answer } from '../support/messages.ts'

const OWN = ['content-type', 'content-length', 'x-content-type-options']

/** What a scenario says of an answer that the queue-proxy made itself: status, body and the fields that describe it. */
export function ownAnswer(answer: Answer): Record<string, unknown> {
  const fields = OWN.map((name): [string, string | null] => [name, answer.fields.get(name)])
  return {
    status: answer.status,
    body: answer.body,
    ...Object.fromEntries(fields.filter(([, value]) => value)),
  }
}

/** The same of an answer over HTTP/2. */
export function ownH2Answer(answer: H2Answer): Record<string, unknown> {
  return { status: answer.status, body: answer.body, type: answer.headers['content-type'] }
}

/** A text answer as Go's `http.Error` makes it. */
export function errorAnswer(status: number, body: string | RegExp): Record<string, unknown> {
  return {
    status,
    body,
    'content-type': 'text/plain; charset=utf-8',
    'content-length': typeof body === 'string' ? String(body.length) : /^\d+$/,
    'x-content-type-options': 'nosniff',
  }
}

/** An answer of plain text, as Go's server makes it when it has to guess the type. */
export function textAnswer(status: number, body: string): Record<string, unknown> {
  return { status, body, 'content-type': 'text/plain; charset=utf-8', 'content-length': String(body.length) }
}

/** How many answers have which status. */
export function tally(answers: readonly { readonly status: number }[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
