/**
 * The trace id a request came with: the second of at most three parts of `traceparent` (W3C), else the value of
 * `X-B3-TraceId`, else empty. As in Knative nothing is validated.
 */
export function traceIdOf(traceparent: string | undefined, b3: string | undefined): string {
  if (traceparent !== undefined) {
    const start = traceparent.indexOf('-') + 1
    if (start > 0) {
      const end = traceparent.indexOf('-', start)
      return end < 0 ? traceparent.slice(start) : traceparent.slice(start, end)
    }
  }
  return b3 ?? ''
}
