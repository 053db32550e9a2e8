import type { RequestRecord } from '../../../src/request-log/request-record.ts'

/** A head as text, from which a record and Go's http.Request can both be made. */
export interface Sample {
  readonly method?: string
  readonly target?: string
  readonly host?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly contentLength?: number
  readonly remoteAddress?: string
  readonly tls?: boolean
  readonly status?: number
  readonly responseBytes?: number
  readonly latencySeconds?: number
  readonly traceId?: string
  readonly requestBytes?: number
  readonly outcome?: string
  readonly requestId?: string
}

export const REVISION = {
  name: 'hello-00001',
  namespace: 'default',
  service: 'hello',
  configuration: 'hello',
  podName: 'hello-00001-deployment-abc',
  podIp: '10.0.0.9',
}

/** Bytes of a UTF-8 text as a latin1 string: how a head is decoded. */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

export function recordOf(sample: Sample = {}): RequestRecord {
  const length: [string, string][] =
    sample.contentLength === undefined ? [] : [['Content-Length', String(sample.contentLength)]]
  const headers = [...(sample.headers ?? []), ...length]
  return {
    method: sample.method ?? 'GET',
    target: bytesOf(sample.target ?? '/'),
    protocol: 'HTTP/1.1',
    host: sample.host ?? 'hello.example',
    contentLength: sample.contentLength ?? 0,
    remoteAddress: sample.remoteAddress ?? '10.0.0.1:4711',
    tls: sample.tls
      ? {
          version: 'TLSv1.3',
          cipherSuite: 'TLS_AES_128_GCM_SHA256',
          protocol: 'h2',
          serverName: 'a.example',
          resumed: false,
        }
      : null,
    status: sample.status ?? 200,
    responseBytes: sample.responseBytes ?? 12,
    latencySeconds: sample.latencySeconds ?? 0.25,
    requestBytes: sample.requestBytes ?? 0,
    outcome: sample.outcome ?? 'ok',
    requestId: bytesOf(sample.requestId ?? ''),
    traceId: bytesOf(sample.traceId ?? ''),
    revision: REVISION,
    header: (lowerName) =>
      headers.filter(([name]) => name.toLowerCase() === lowerName).map(([, value]) => bytesOf(value)),
    headerPairs: () => headers.map(([name, value]) => [name, bytesOf(value)]),
  }
}

/** The same as bytes for a Go server. */
export function headOf(sample: Sample): string {
  const lines = [
    `${sample.method ?? 'GET'} ${sample.target ?? '/'} HTTP/1.1`,
    `Host: ${sample.host ?? 'hello.example'}`,
    ...(sample.headers ?? []).map(([name, value]) => `${name}: ${value}`),
  ]
  if (sample.contentLength !== undefined) lines.push(`Content-Length: ${sample.contentLength}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}
