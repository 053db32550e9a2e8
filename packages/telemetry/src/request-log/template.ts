import { DEFAULT_TEMPLATE, VALID_DEFAULT_TEMPLATE } from './default-template.ts'
import { shortestFloat } from './go-float.ts'
import { printedUrl, requestData } from './request-data.ts'
import type { RequestRecord } from './request-record.ts'
import { requestText } from './request-text.ts'
import { execute } from './template-execution.ts'
import { parseTemplate } from './template-parser.ts'

/** A compiled request log template. */
export interface RequestLogTemplate {
  /** The template as it was given. */
  readonly text: string
  /** The line of one request, with the line feed at its end. Never throws. */
  render(record: RequestRecord): string
}

/**
 * Compiles a request log template: the language of Go's `text/template` without `template`, `define`, `block` and
 * `call`. Throws an Error with the position and the reason when the text is not a template, or asks for something
 * that is not supported.
 */
export function compileTemplate(text: string): RequestLogTemplate {
  const ended = text.endsWith('\n') ? text : `${text}\n`
  const tree = parseTemplate(ended === `${DEFAULT_TEMPLATE}\n` ? `${VALID_DEFAULT_TEMPLATE}\n` : ended)
  return {
    text,
    render(record): string {
      try {
        return execute(tree, requestData(record))
      } catch {
        // Not only an ExecutionError: whatever it is, the request was served and its line must not be lost.
        return failureLine(record)
      }
    },
  }
}

/** What Knative writes instead of a line when a template fails at a request. */
function failureLine(record: RequestRecord): string {
  return (
    `Invalid request log template: method: ${requestText(record.method)}, response code: ${record.status}, ` +
    `latency: ${shortestFloat(record.latencySeconds)}, url: ${printedUrl(record)}\n`
  )
}
