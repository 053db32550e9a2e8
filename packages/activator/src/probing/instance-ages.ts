/** How long ago things happened at an instance, as its sidecar says, ms: an age needs no clocks that agree. */
export interface InstanceAges {
  /** Since its app accepted a connection for the first time; null when the sidecar does not know. */
  readonly listeningMs: number | null
  /** Since its app was ready. */
  readonly readyMs: number
}

/** Longest value that is looked at, characters. */
const LENGTH_MAX = 200
const LISTENING = /(?:^|,)[ \t]*listening=(\d{1,12}(?:\.\d{1,3})?)[ \t]*(?:$|[,;])/
const READY = /(?:^|,)[ \t]*ready=(\d{1,12}(?:\.\d{1,3})?)[ \t]*(?:$|[,;])/

/** Reads a `Pilotlight-Ages`, a dictionary (RFC 9651); null without one, and when it does not say since when the app is ready. */
export function readAges(value: string | string[] | undefined): InstanceAges | null {
  if (typeof value !== 'string' || value.length > LENGTH_MAX) return null
  const ready = READY.exec(value)?.[1]
  if (ready === undefined) return null
  const listening = LISTENING.exec(value)?.[1]
  return { listeningMs: listening === undefined ? null : Number(listening), readyMs: Number(ready) }
}
