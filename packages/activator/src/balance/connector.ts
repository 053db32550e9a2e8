import { type Endpoint, IdleBudget, type Relay } from '@pilotlight/relay'
import { readFileSync } from 'node:fs'
import type { ConnectionOptions, PeerCertificate } from 'node:tls'
import type { UpstreamTls } from '../settings.ts'
import type { Connect } from './instance.ts'

/** Bounds of the pools. */
export interface PoolBounds {
  /** Idle connections over all instances. */
  readonly idleMax: number
  /** Idle connections of one. */
  readonly idlePerHostMax: number
}

/** How long an idle connection to an instance is kept, ms, as in Knative. */
const IDLE_MS = 90_000
/** Attempts to connect before another instance is asked, about 2 s. Knative, which asks no other, goes on for 20 s. */
const DIAL_ATTEMPTS = 8
/** The name every sidecar's certificate has (Knative). */
const SERVER_NAME = 'data-plane.knative.dev'

/** Makes the pools of connections to instances. All of them share one bound on idle connections. */
export function connector(relay: Relay, bounds: PoolBounds, upstreamTls: UpstreamTls | null): Connect {
  const pool = {
    idleMax: bounds.idlePerHostMax,
    idleMs: IDLE_MS,
    dialAttemptsMax: DIAL_ATTEMPTS,
    budget: new IdleBudget(bounds.idleMax),
  }
  return (address: string, protocol: 'http1' | 'h2', namespace: string): Endpoint => {
    const { host, port } = splitAddress(address)
    if (upstreamTls === null) return relay.endpoint({ host, port, protocol }, pool)
    return relay.endpoint(
      { host, port: upstreamTls.port, protocol, tls: tlsOptions(upstreamTls, namespace) },
      pool,
    )
  }
}

/** `host:port` taken apart; brackets around an IPv6 host are left out. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon)
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port: Number(address.slice(colon + 1)) }
}

/** The authorities are read anew for every pool, so that a rotated bundle counts for new instances. */
function tlsOptions({ caFile }: UpstreamTls, namespace: string): ConnectionOptions {
  return {
    ca: readFileSync(caFile),
    servername: SERVER_NAME,
    minVersion: 'TLSv1.3',
    checkServerIdentity: (_host, certificate) => sidecarProblem(certificate, namespace),
  }
}

/** A sidecar's certificate names the data plane and the namespace it serves (Knative, section on system-internal-tls). */
function sidecarProblem(certificate: PeerCertificate, namespace: string): Error | undefined {
  const names = (certificate.subjectaltname ?? '')
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice('DNS:'.length))
  const missing = [SERVER_NAME, `kn-user-${namespace.toLowerCase()}`].find((name) => !names.includes(name))
  if (missing === undefined) return undefined
  return new Error(`san ${JSON.stringify(missing)} does not have a matching name in [${names.join(' ')}]`)
}
