import { jsonLine } from './json-line.ts'
import type { RequestRecord } from './request-record.ts'
import { compileTemplate } from './template.ts'
import type { RequestLogTemplate } from './template.ts'

/** In the place of a template: the fixed JSON object of `jsonLine`. As a template it would log this word. */
export const JSON_TEMPLATE = 'json'

/** What a {@link RequestLog} needs. */
export interface RequestLogOptions {
  /** The template, or {@link JSON_TEMPLATE}; empty is no log. */
  readonly template: string
  /** Takes one line, with the line feed at its end. */
  readonly write: (line: string) => void
  /** Wall clock, ms since 1970; tests pass their own. */
  readonly now?: () => number
}

/** Writes one line per request by a template that can be replaced while requests run. */
export class RequestLog {
  readonly #write: (line: string) => void
  readonly #now: () => number
  #template: RequestLogTemplate | null = null

  /** Throws as {@link compileTemplate}. */
  constructor(options: RequestLogOptions) {
    this.#write = options.write
    this.#now = options.now ?? Date.now
    this.template = options.template
  }

  /** Whether requests are logged at all; when not, no {@link RequestRecord} need be built. */
  get enabled(): boolean {
    return this.#template !== null
  }

  /** The text of the template; empty when there is none. */
  get template(): string {
    return this.#template === null ? '' : this.#template.text
  }

  /** Replaces the template, from the next line on; empty ends the log. When it throws, the old one stays. */
  set template(text: string) {
    if (text === '') this.#template = null
    else this.#template = text.trim() === JSON_TEMPLATE ? this.#json(text) : compileTemplate(text)
  }

  /** Logs one request that is done. */
  log(record: RequestRecord): void {
    if (this.#template !== null) this.#write(this.#template.render(record))
  }

  #json(text: string): RequestLogTemplate {
    return { text, render: (record) => jsonLine(record, this.#now()) }
  }
}
