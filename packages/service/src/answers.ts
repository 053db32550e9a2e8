import type { Exchange, Outcome } from '@pilotlight/relay'

/** What Go's `http.Error` says of its texts, and Knative's answers with it. */
const PLAIN_TEXT = 'Content-Type: text/plain; charset=utf-8\r\n'
const NO_SNIFF = 'X-Content-Type-Options: nosniff\r\n'

/** Answers that a service makes itself, under its own name. */
export class Answers {
  /** Name of the service in Proxy-Status (RFC 9209). */
  readonly proxyName: string

  constructor(proxyName: string) {
    this.proxyName = proxyName
  }

  /** The Proxy-Status line of an answer of ours; `error` is a type of RFC 9209 section 2.3, or empty. */
  proxyStatus(error = ''): string {
    return error === ''
      ? `Proxy-Status: ${this.proxyName}\r\n`
      : `Proxy-Status: ${this.proxyName}; error=${error}\r\n`
  }

  /** A plain answer: what a probe or an administrator asked for. `fields` are more header lines. */
  answer(exchange: Exchange, status: number, body: string, fields = ''): void {
    const type = body === '' ? '' : PLAIN_TEXT
    exchange.reply(status, `${type}${fields}${this.proxyStatus()}`, body)
  }

  /** An error in plain text as Go's `http.Error` writes it, with its Proxy-Status error. `fields` are more header lines. */
  answerError(
    exchange: Exchange,
    status: number,
    body: string,
    error: string,
    outcome: Outcome,
    fields = '',
  ): void {
    exchange.reply(status, `${PLAIN_TEXT}${NO_SNIFF}${fields}${this.proxyStatus(error)}`, body, outcome)
  }

  /** Go's answer for a path that nothing is behind. */
  answerNotFound(exchange: Exchange): void {
    this.answerError(exchange, 404, '404 page not found\n', '', 'ok')
  }
}

/** The path of the request's target, without its query. */
export function pathOf(exchange: Exchange): string {
  const { target } = exchange.request
  const query = target.indexOf('?')
  return query < 0 ? target : target.slice(0, query)
}
