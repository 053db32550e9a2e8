import type { HttpGetAction, ProbeAction } from '@pilotlight/probe'

/** One readiness probe: what Knative's sidecar reads of a Kubernetes `v1.Probe`. */
export interface ProbeSpec {
  readonly action: ProbeAction
  /** 0 stands for Knative's aggressive mode; from 1 on, kubelet repeats the probe and each run is one attempt. */
  readonly periodSeconds: number
  /** For one attempt, when not aggressive. */
  readonly timeoutSeconds: number
  /** Consecutive successes until ready, where the sidecar itself repeats. */
  readonly successThreshold: number
}

/** Where kubelet and Knative look when a probe names no host. */
const LOOPBACK = '127.0.0.1'
const INT32_MAX = 0x7fff_ffff

/**
 * Reads the probes of `SERVING_READINESS_PROBE`: one Kubernetes `v1.Probe` as JSON, or a list of them. An empty string
 * is no probe. As Go reads it, keys match in any case, unknown keys are ignored and `null` is the default. A `null` entry
 * is a probe without a handler.
 *
 * Throws an Error that names the offending value, its path and what is valid.
 */
export function parseProbes(json: string, isList: boolean): ProbeSpec[] {
  if (json === '') return []
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw new Error(`the readiness probe is not JSON: ${(error as Error).message}`, { cause: error })
  }
  if (!isList) return [readProbe(value, '')]
  if (value === null) return []
  if (!Array.isArray(value)) throw wrong('', value, 'a list of probes')
  return value.map((entry, index) => readProbe(entry, `[${index}]`))
}

/** A JSON object by lower-case keys, and where it stands. */
class Fields {
  readonly #path: string
  readonly #values = new Map<string, unknown>()

  constructor(value: unknown, path: string, valid: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, value, valid)
    this.#path = path
    for (const [key, one] of Object.entries(value)) this.#values.set(key.toLowerCase(), one)
  }

  /** Path of a field, as it stands in messages. */
  pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  /** The value, or null when it is absent. */
  get(name: string): unknown {
    return this.#values.get(name.toLowerCase()) ?? null
  }

  text(name: string): string {
    const value = this.get(name)
    if (value === null) return ''
    if (typeof value !== 'string') throw wrong(this.pathOf(name), value, 'a string')
    return value
  }

  integer(name: string): number {
    const value = this.get(name)
    if (value === null) return 0
    if (!isInt32(value)) throw wrong(this.pathOf(name), value, 'a whole number of 32 bits')
    return value
  }

  /** Kubernetes' IntOrString. */
  port(name: string): string {
    const value = this.get(name)
    if (value === null) return '0'
    if (typeof value === 'string') return value
    if (!isInt32(value)) throw wrong(this.pathOf(name), value, 'a port number, or a string')
    return String(value)
  }

  /** The object in a field, or null when it is absent. */
  object(name: string, valid: string): Fields | null {
    const value = this.get(name)
    return value === null ? null : new Fields(value, this.pathOf(name), valid)
  }
}

function readProbe(value: unknown, path: string): ProbeSpec {
  const fields = new Fields(value ?? {}, path, 'a probe, as in {"tcpSocket":{"port":8080}}')
  // Not used here, and yet what Go cannot read must not start.
  for (const name of ['initialDelaySeconds', 'failureThreshold']) fields.integer(name)
  return {
    action: readAction(fields),
    periodSeconds: fields.integer('periodSeconds'),
    timeoutSeconds: fields.integer('timeoutSeconds'),
    successThreshold: fields.integer('successThreshold'),
  }
}

/** The handler that counts when there are several: httpGet, tcpSocket, grpc, exec. All of them must be readable. */
function readAction(probe: Fields): ProbeAction {
  const http = probe.object('httpGet', 'an object with a port')
  const tcp = probe.object('tcpSocket', 'an object with a port')
  const grpc = probe.object('grpc', 'an object with a port')
  const exec = probe.object('exec', 'an object')
  const actions: (ProbeAction | null)[] = [
    http === null ? null : readHttpGet(http),
    tcp === null ? null : { kind: 'tcpSocket', host: tcp.text('host'), port: tcp.port('port') },
    grpc === null ? null : { kind: 'grpc', port: grpc.integer('port'), service: grpc.text('service') },
    exec === null ? null : { kind: 'exec' },
  ]
  return actions.find((action) => action !== null) ?? { kind: 'none' }
}

function readHttpGet(fields: Fields): HttpGetAction {
  const headers = fields.get('httpHeaders') ?? []
  if (!Array.isArray(headers))
    throw wrong(fields.pathOf('httpHeaders'), headers, 'a list of names and values')
  return {
    kind: 'httpGet',
    scheme: fields.text('scheme') || 'HTTP',
    host: fields.text('host') || LOOPBACK,
    port: fields.port('port'),
    path: fields.text('path'),
    headers: headers.map((header: unknown, index) => {
      const path = `${fields.pathOf('httpHeaders')}[${index}]`
      const pair = new Fields(header ?? {}, path, 'an object with name and value')
      return { name: pair.text('name'), value: pair.text('value') }
    }),
  }
}

function isInt32(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= -INT32_MAX - 1 && (value as number) <= INT32_MAX
}

function wrong(path: string, value: unknown, valid: string): Error {
  const where = path === '' ? 'the readiness probe' : `${path} of the readiness probe`
  return new Error(`${where} is ${JSON.stringify(value)}, valid is ${valid}`)
}
