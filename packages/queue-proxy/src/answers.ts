import type { Exchange, Outcome } from '@pilotlight/relay'

/** Our name in Proxy-Status (RFC 9209) and in the logs. */
export const PROXY_NAME = 'queue-proxy'

/** What Go's `http.Error` says of its texts, and Knative's answers with it. */
const PLAIN_TEXT = 'Content-Type: text/plain; charset=utf-8\r\n'
const NO_SNIFF = 'X-Content-Type-Options: nosniff\r\n'

/** The Proxy-Status line of an answer of ours; `error` is a type of RFC 9209 section 2.3, or empty. */
export function proxyStatus(error = ''): string {
  return error === '' ? `Proxy-Status: ${PROXY_NAME}\r\n` : `Proxy-Status: ${PROXY_NAME}; error=${error}\r\n`
}

/** A plain answer: what a probe or an administrator asked for. `fields` are more header lines. */
export function answer(exchange: Exchange, status: number, body: string, fields = ''): void {
  const type = body === '' ? '' : PLAIN_TEXT
  exchange.reply(status, `${type}${fields}${proxyStatus()}`, body)
}

/** An error in plain text as Go's `http.Error` writes it, with its Proxy-Status error. `fields` are more header lines. */
export function answerError(
  exchange: Exchange,
  status: number,
  body: string,
  error: string,
  outcome: Outcome,
  fields = '',
): void {
  exchange.reply(status, `${PLAIN_TEXT}${NO_SNIFF}${fields}${proxyStatus(error)}`, body, outcome)
}

/** Go's answer for a path that nothing is behind. */
export function answerNotFound(exchange: Exchange): void {
  answerError(exchange, 404, '404 page not found\n', '', 'ok')
}

/** The path of the request's target, without its query. */
export function pathOf(exchange: Exchange): string {
  const { target } = exchange.request
  const query = target.indexOf('?')
  return query < 0 ? target : target.slice(0, query)
}
