import { failure, type ProbeFailure } from './attempt.ts'
import { isFieldValue, isHost, isToken } from './field-text.ts'
import type { HttpHeader } from './probe-action.ts'

/** The fields of a probe's request, but for those that the protocol writes. */
export interface ProbeFields {
  /** Host the user asked for, or empty for that of the URL. */
  readonly host: string
  readonly fields: readonly HttpHeader[]
}

/** Never taken from the user: they frame the message, or are about a connection that is ours. */
const OURS = new Set([
  'connection',
  'content-length',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
])

/**
 * What is sent for the user's `httpHeaders`. As with kubelet, a Host and a User-Agent among them win, and an empty
 * User-Agent sends none. Fields that no message can carry are a failure, in Go's words.
 */
export function probeFields(headers: readonly HttpHeader[], userAgent: string): ProbeFields | ProbeFailure {
  const bad = headers.find(({ name, value }) => !isToken(name) || !isFieldValue(value))
  if (bad !== undefined) {
    const name = JSON.stringify(bad.name)
    return failure(
      isToken(bad.name)
        ? `net/http: invalid header field value for ${name}`
        : `net/http: invalid header field name ${name}`,
    )
  }
  const first = (wanted: string): string | undefined =>
    headers.find(({ name }) => name.toLowerCase() === wanted)?.value.trim()
  const host = first('host') ?? ''
  if (host !== '' && !isHost(host)) return failure(`http: invalid Host header ${JSON.stringify(host)}`)
  const agent = first('user-agent') ?? userAgent
  const fields = headers.filter(({ name }) => !OURS.has(name.toLowerCase()))
  if (first('accept-encoding') === undefined) fields.push({ name: 'Accept-Encoding', value: 'gzip' })
  if (agent !== '') fields.unshift({ name: 'User-Agent', value: agent })
  return { host, fields }
}
