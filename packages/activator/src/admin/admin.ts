import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { RequestObserver } from '../request-observer.ts'
import { sendFile, sendJson, sendProblem } from './admin-answers.ts'
import { AdminServer } from './admin-server.ts'
import type { AdminSettings } from './admin-settings.ts'
import type { ColdStartSource } from './cold-start-source.ts'
import { type PageFile, readPageFiles } from './page-files.ts'
import { StatusEvents, WATCHERS_MAX } from './status-events.ts'
import { type StatusParts, StatusReports } from './status-reports.ts'
import { TrafficObserver } from './traffic-observer.ts'

/** What the admin port tells of. */
export type AdminParts = Omit<StatusParts, 'traffic'>

const PAGE = fileURLToPath(new URL('page/', import.meta.url))
const REQUESTS = '/requests/'

/** The admin port: what the activator is doing, for people and for the `pilotlight` command. docs/reference/activator.md has its paths. */
export class Admin {
  readonly #traffic = new TrafficObserver()
  readonly #coldStarts: ColdStartSource
  readonly #reports: StatusReports
  readonly #events: StatusEvents
  readonly #server: AdminServer
  /** Null when it is switched off. */
  readonly #page: ReadonlyMap<string, PageFile> | null

  /** Opens nothing yet. Throws when files of the page are there and cannot be read. */
  constructor(settings: AdminSettings, parts: AdminParts) {
    this.#coldStarts = parts.coldStarts
    this.#reports = new StatusReports({ ...parts, traffic: this.#traffic })
    this.#events = new StatusEvents(() => this.#reports.take())
    this.#page = settings.hasPage ? readPageFiles(PAGE) : null
    this.#server = new AdminServer(settings, {
      answer: (path, request, response) => this.#answer(path, request, response),
      onQuiet: () => this.#reports.rest(),
    })
    parts.coldStarts.onRecord = (record) => this.#events.onColdStart(record)
  }

  /** Has to see every request. */
  get observer(): RequestObserver {
    return this.#traffic
  }

  /** Where it listens. */
  get port(): number {
    return this.#server.port
  }

  /** Opens the port. Rejects with an error that names it when it cannot be opened. */
  open(): Promise<void> {
    return this.#server.open()
  }

  /** Ends what is open, watchers too. */
  close(): void {
    this.#events.close()
    this.#server.close()
    this.#reports.rest()
  }

  #answer(path: string, request: IncomingMessage, response: ServerResponse): void {
    const { last } = this.#coldStarts
    switch (path) {
      case '/status':
        return sendJson(response, this.#reports.take())
      case '/events':
        return this.#watch(request, response)
      case '/cold-starts':
        return sendJson(response, last)
      case '/cold-starts/last':
        if (last.length > 0) return sendJson(response, last[0])
        return sendProblem(response, 404, 'there was no cold start yet')
      case '/healthz':
        return void response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end('ok\n')
      default:
    }
    if (path.startsWith(REQUESTS)) return this.#explain(path.slice(REQUESTS.length), response)
    const file = this.#page?.get(path)
    if (file !== undefined) return sendFile(request, response, file)
    if (path === '/') return sendProblem(response, 404, this.#noPage)
    sendProblem(response, 404, `there is nothing at ${path}`)
  }

  get #noPage(): string {
    if (this.#page === null) return 'the page is switched off by ACTIVATOR_ADMIN_PAGE'
    return 'the files of the page are not where this program was installed; /status has the same as JSON'
  }

  #watch(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'HEAD')
      return void response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end()
    if (this.#events.hasRoom) return this.#events.add(response)
    sendProblem(response, 503, `${WATCHERS_MAX} clients watch already: one has to leave first`)
  }

  #explain(encoded: string, response: ServerResponse): void {
    const id = decoded(encoded)
    if (id === null) return sendProblem(response, 400, `${encoded} is no percent-encoded id of a request`)
    const timeline = this.#coldStarts.find(id)
    if (timeline !== null) return sendJson(response, timeline)
    sendProblem(
      response,
      404,
      `nothing is known of the request ${JSON.stringify(id)}: there was none, it waited for no cold start, or that was too long ago`,
    )
  }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
