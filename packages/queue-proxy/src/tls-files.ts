import type { TlsSettings } from '@pilotlight/relay'
import { readTlsRules } from '@pilotlight/service'
import type { Environment } from '@pilotlight/telemetry'
import { statSync } from 'node:fs'

/** The TLS listener: where, and with what. */
export interface TlsFiles {
  readonly port: number
  readonly settings: Partial<TlsSettings>
}

const CERT_FILE = '/var/lib/knative/certs/tls.crt'
const KEY_FILE = '/var/lib/knative/certs/tls.key'

/**
 * TLS is on when both files are there at the start, as in Knative; only then are its other variables looked at. What
 * is wrong is appended to the problems of `env`.
 */
export function readTls(env: Environment, port: number): TlsFiles | null {
  const certFile = env.text('QUEUE_TLS_CERT_FILE', CERT_FILE)
  const keyFile = env.text('QUEUE_TLS_KEY_FILE', KEY_FILE)
  const hasBoth = exists(certFile, env) && exists(keyFile, env)
  if (!hasBoth) return null
  const rules = readTlsRules(env, 'QUEUE_PROXY_TLS_')
  return { port, settings: { certFile, keyFile, clientAuth: 'none', clientCaFile: '', ...rules } }
}

function exists(file: string, env: Environment): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    env.problems.push(`Failed to verify the file path ${JSON.stringify(file)}: ${(error as Error).message}`)
    return false
  }
}
