import type { RequestRecord } from './request-record.ts'
import { compileTemplate } from './template.ts'
import type { RequestLogTemplate } from './template.ts'

/** What a {@link RequestLog} needs. */
export interface RequestLogOptions {
  /** The template; empty is no log. */
  readonly template: string
  /** Takes one line, with the line feed at its end. */
  readonly write: (line: string) => void
}

/** Writes one line per request by a template that can be replaced while requests run. */
export class RequestLog {
  readonly #write: (line: string) => void
  #template: RequestLogTemplate | null = null

  /** Throws as {@link compileTemplate}. */
  constructor(options: RequestLogOptions) {
    this.#write = options.write
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
    this.#template = text === '' ? null : compileTemplate(text)
  }

  /** Logs one request that is done. */
  log(record: RequestRecord): void {
    if (this.#template !== null) this.#write(this.#template.render(record))
  }
}
