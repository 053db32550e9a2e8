import type { Exchange } from '@pilotlight/relay'
import type { RequestMarks } from './request-marks.ts'
import type { Revision } from './revision.ts'
import type { Revisions } from './revisions.ts'
import { inClusterRevision } from './routing/in-cluster-host.ts'

/** Finds the revision a request is for. One object serves all requests. */
export class Location {
  /** Name of the revision that was looked for last; empty when nothing named one. */
  name = ''
  readonly #revisions: Revisions
  readonly #domain: string

  /** `domain` is the cluster's. */
  constructor(revisions: Revisions, domain: string) {
    this.#revisions = revisions
    this.#domain = domain
  }

  /**
   * By Knative's fields when both are there, else by a host inside the cluster, else by the routes. Null when there is no such revision;
   * {@link name} then says what was looked for.
   */
  find(exchange: Exchange, marks: RequestMarks): Revision | null {
    this.name = marks.revision
    if (marks.namespace !== '' && marks.revision !== '')
      return this.#revisions.find(marks.namespace, marks.revision)
    const { request } = exchange
    const named = inClusterRevision(request.host, this.#domain)
    if (named !== null) {
      this.name = named.name
      return this.#revisions.find(named.namespace, named.name)
    }
    const match = this.#revisions.routes.find(request.host)
    if (match === null) return null
    this.name =
      match.tagged === '' ? match.split.choose(marks.tag, request.get('x-request-id') ?? '') : match.tagged
    return this.#revisions.find(match.namespace, this.name)
  }
}
