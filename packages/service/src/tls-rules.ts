import type { TlsSettings } from '@pilotlight/relay'
import type { Environment } from '@pilotlight/telemetry'

/** What of TLS is chosen by rules, not by files. */
export type TlsRules = Pick<TlsSettings, 'minVersion' | 'maxVersion' | 'ciphers' | 'groups'>

/** TLS 1.2 cipher suites by the names Go gives them, which are IANA's, and OpenSSL's names for them. */
const CIPHER_SUITES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
    TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
    TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
    TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
    TLS_RSA_WITH_AES_128_CBC_SHA256: 'AES128-SHA256',
    TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
    TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
    TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
    TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
    TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 'ECDHE-ECDSA-AES128-SHA256',
    TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 'ECDHE-RSA-AES128-SHA256',
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  }),
)

/** TLS 1.3 has suites of its own that cannot be chosen; naming them is no mistake and has no effect, as in Go. */
const CIPHER_SUITES_13 = new Set([
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
])

const CURVES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    CurveP256: 'P-256',
    CurveP384: 'P-384',
    CurveP521: 'P-521',
    'P-256': 'P-256',
    'P-384': 'P-384',
    'P-521': 'P-521',
    X25519: 'X25519',
    X25519MLKEM768: 'X25519MLKEM768',
  }),
)

/**
 * Versions, cipher suites and key-exchange groups of the variables that begin with `prefix`. What is wrong is appended
 * to the problems of `env`.
 */
export function readTlsRules(env: Environment, prefix: string): TlsRules {
  return {
    minVersion: readVersion(env, `${prefix}MIN_VERSION`, 'TLSv1.3'),
    maxVersion: readVersion(env, `${prefix}MAX_VERSION`, 'TLSv1.3'),
    ciphers: readNames(env, `${prefix}CIPHER_SUITES`, (name) =>
      CIPHER_SUITES_13.has(name) ? '' : CIPHER_SUITES.get(name),
    ),
    groups: readNames(env, `${prefix}CURVE_PREFERENCES`, (name) => CURVES.get(name)),
  }
}

function readVersion(env: Environment, name: string, fallback: 'TLSv1.3'): 'TLSv1.2' | 'TLSv1.3' {
  const value = env.text(name, '')
  if (value === '') return fallback
  if (value === '1.2' || value === '1.3') return `TLSv${value}`
  env.problems.push(`${name} is ${JSON.stringify(value)}: it must be 1.2 or 1.3`)
  return fallback
}

/**
 * A list with commas between, as OpenSSL takes it. `translate` gives undefined for an unknown name, empty for one to
 * leave out.
 */
function readNames(env: Environment, name: string, translate: (item: string) => string | undefined): string {
  const names: string[] = []
  for (const item of env
    .text(name, '')
    .split(',')
    .map((one) => one.trim())) {
    if (item === '') continue
    const translated = translate(item)
    if (translated === undefined)
      env.problems.push(`${name} has ${JSON.stringify(item)}: Go knows no such name, or OpenSSL cannot do it`)
    else if (translated !== '') names.push(translated)
  }
  return names.join(':')
}
