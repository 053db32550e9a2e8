import { DEFAULT_LIMITS, isToken, type Limits } from '@pilotlight/http1'
import type { SecureContextOptions } from 'node:tls'
import { type Address, DIAL_PACE } from './dial.ts'
import type { PoolSettings } from './endpoint.ts'
import { IdleBudget } from './idle-budget.ts'
import type { Clocks } from './sides.ts'
import { tls } from './tls-module.ts'

/** TLS of a listener. Files are PEM and are read again when they change. */
export interface TlsSettings {
  certFile: string
  keyFile: string
  /** Lowest version accepted. */
  minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** Highest version accepted. */
  maxVersion: 'TLSv1.2' | 'TLSv1.3'
  /** OpenSSL cipher list for TLS 1.2, colon-separated; empty for the default. */
  ciphers: string
  /** Key-exchange groups, colon-separated; empty for the default. */
  groups: string
  /** Whether a client shows a certificate: never, if it likes (a bad one is refused), or always. */
  clientAuth: 'none' | 'optional' | 'require'
  /** Authorities a client's certificate is signed by, PEM; empty only without clientAuth. */
  clientCaFile: string
}

/** One address to listen on. */
export interface ListenSettings {
  /** Address; `::` takes IPv4 and IPv6. */
  host: string
  /** 0 to 65535; 0 takes any free port. */
  port: number
  /** Absent for plain text. */
  tls?: TlsSettings
}

/** Everything a relay can be told. Times are ms, sizes bytes. */
export interface RelaySettings {
  listen: ListenSettings[]
  /** Name in Proxy-Status, a token. */
  proxyName: string
  /** Connections of clients at the same time, over all listeners. */
  connectionsMax: number
  /** For one head, from its first byte (a new connection: from the accept) to its last. */
  headMs: number
  /** Between two requests of a connection; 0 for ever. */
  keepAliveMs: number
  /** Request body bytes buffered while held, and kept for a retry. */
  holdBytes: number
  /** For reading on after an early answer, without a byte; also for a client to close after we did. */
  lingerMs: number
  /** Request body bytes thrown away after an early answer. */
  lingerBytes: number
  /** Until a client that expects 100 gets ours, when the endpoint sends none. */
  continueMs: number
  /** Concurrent streams of one HTTP/2 connection. */
  streamsMax: number
  /** Flow-control window of an HTTP/2 stream and of a connection. */
  windowBytes: number
  /** Clocks of an exchange whose service sets none. */
  clocks: Clocks
  limits: Limits
}

/** Defaults; the reasons are in docs/reference/relay.md. */
export const DEFAULT_SETTINGS: Readonly<RelaySettings> = {
  listen: [],
  proxyName: 'pilotlight',
  connectionsMax: 20_000,
  headMs: 60_000,
  keepAliveMs: 120_000,
  holdBytes: 64 * 1024,
  lingerMs: 5_000,
  lingerBytes: 256 * 1024,
  continueMs: 1_000,
  streamsMax: 250,
  windowBytes: 1024 * 1024,
  clocks: {
    queueMs: 0,
    responseStartMs: 0,
    responseStartIncludesQueue: false,
    idleMs: 0,
    totalMs: 300_000,
    tunnelMs: 0,
  },
  limits: DEFAULT_LIMITS,
}

/** Pool defaults: Knative's for containerConcurrency 0. */
export const DEFAULT_POOL: Readonly<PoolSettings> = {
  idleMax: 1000,
  idleMs: 90_000,
  dialAttemptsMax: DIAL_PACE.attemptsMax,
  budget: null,
}

/** Settings as a caller gives them: what is left out has its default. */
export type RelayOptions = Partial<Omit<RelaySettings, 'clocks' | 'limits' | 'listen'>> & {
  listen?: (Partial<Omit<ListenSettings, 'tls'>> & { tls?: Partial<TlsSettings> })[]
  clocks?: Partial<Clocks>
  limits?: Partial<Limits>
}

/** The start is refused. The message names every problem, one per line. */
export class ConfigurationError extends Error {
  /** One sentence per problem: the value, where it stands, and what would be valid. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigurationError'
    this.problems = problems
  }
}

/** Checks a value; returns what would be valid, or empty when it is. */
type Rule = (value: unknown) => string

const integer =
  (min: number, max: number, unit: string): Rule =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? ''
      : `a whole number of ${unit} from ${min} to ${max}`

const DAY_MS = 24 * 60 * 60 * 1000
const MIB = 1024 * 1024
const milliseconds = integer(0, 30 * DAY_MS, 'ms')
const host: Rule = (value) =>
  typeof value === 'string' && value !== '' ? '' : 'an IP address or a host name'
const path: Rule = (value) => (typeof value === 'string' && value !== '' ? '' : 'the path of a PEM file')
const flag: Rule = (value) => (typeof value === 'boolean' ? '' : 'true or false')
const ciphers: Rule = (value) =>
  typeof value === 'string' && isUsable({ ciphers: value })
    ? ''
    : 'an OpenSSL cipher list, or empty for the default'
const groups: Rule = (value) =>
  typeof value === 'string' && isUsable({ ecdhCurve: value })
    ? ''
    : 'key-exchange groups with colons between, or empty for the default'
const tlsVersion: Rule = (value) => (value === 'TLSv1.2' || value === 'TLSv1.3' ? '' : 'TLSv1.2 or TLSv1.3')

const RULES: Readonly<Record<string, Rule>> = {
  proxyName: (value) =>
    typeof value === 'string' && isToken(value) ? '' : 'a token (RFC 9110 section 5.6.2)',
  connectionsMax: integer(1, 1_000_000, 'connections'),
  headMs: integer(1, DAY_MS, 'ms'),
  keepAliveMs: milliseconds,
  holdBytes: integer(0, 1024 * MIB, 'bytes'),
  lingerMs: integer(1, DAY_MS, 'ms'),
  lingerBytes: integer(0, 1024 * MIB, 'bytes'),
  continueMs: integer(1, DAY_MS, 'ms'),
  streamsMax: integer(1, 100_000, 'streams'),
  windowBytes: integer(65_535, 1024 * MIB, 'bytes'),
}
const CLOCK_RULES: Readonly<Record<string, Rule>> = {
  queueMs: milliseconds,
  responseStartMs: milliseconds,
  responseStartIncludesQueue: flag,
  idleMs: milliseconds,
  totalMs: milliseconds,
  tunnelMs: milliseconds,
}
const LIMIT_RULES: Readonly<Record<string, Rule>> = {
  headBytes: integer(128, 16 * MIB, 'bytes'),
  headerCount: integer(1, 65_536, 'fields'),
  targetBytes: integer(1, 16 * MIB, 'bytes'),
  chunkExtensionBytes: integer(0, MIB, 'bytes'),
  trailerBytes: integer(2, 16 * MIB, 'bytes'),
}
const ADDRESS_RULES: Readonly<Record<string, Rule>> = {
  host,
  port: (value) => integer(1, 65_535, '')(value) && 'a port number from 1 to 65535',
  protocol: (value) => (value === 'http1' || value === 'h2' ? '' : 'http1 or h2'),
}
const POOL_RULES: Readonly<Record<string, Rule>> = {
  idleMax: integer(0, 1_000_000, 'connections'),
  idleMs: milliseconds,
  dialAttemptsMax: integer(1, DIAL_PACE.attemptsMax, 'attempts'),
  budget: (value) => (value === null || value instanceof IdleBudget ? '' : 'an IdleBudget or null'),
}
const LISTEN_RULES: Readonly<Record<string, Rule>> = {
  host,
  port: (value) => integer(0, 65_535, '')(value) && 'a port number from 0 to 65535',
}
const TLS_RULES: Readonly<Record<string, Rule>> = {
  certFile: path,
  keyFile: path,
  minVersion: tlsVersion,
  maxVersion: tlsVersion,
  ciphers,
  groups,
  clientAuth: (value) =>
    value === 'none' || value === 'optional' || value === 'require' ? '' : 'none, optional or require',
  clientCaFile: (value) => (typeof value === 'string' ? '' : 'the path of a PEM file, or empty'),
}
/** Defaults of a listener. */
export const DEFAULT_LISTEN: Readonly<ListenSettings> = { host: '::', port: 0 }
/** Defaults of its TLS; the files have none. */
export const DEFAULT_TLS: Readonly<Omit<TlsSettings, 'certFile' | 'keyFile'>> = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: '',
  groups: '',
  clientAuth: 'none',
  clientCaFile: '',
}

/**
 * Fills in defaults and checks everything that can be checked without opening anything. Problems are appended to
 * `problems`, one sentence each; the settings returned are usable only when none were.
 */
export function readSettings(options: RelayOptions, problems: string[]): RelaySettings {
  const { listen = [], clocks = {}, limits = {}, ...rest } = options
  checkAll(rest, RULES, '', problems)
  checkGroup(clocks, CLOCK_RULES, 'clocks', problems)
  checkGroup(limits, LIMIT_RULES, 'limits', problems)
  const settings: RelaySettings = {
    ...DEFAULT_SETTINGS,
    ...rest,
    clocks: { ...DEFAULT_SETTINGS.clocks, ...clocks },
    limits: { ...DEFAULT_SETTINGS.limits, ...limits },
    listen: [],
  }
  if (settings.limits.targetBytes >= settings.limits.headBytes) {
    problems.push(
      `limits.targetBytes is ${settings.limits.targetBytes}: it must be less than limits.headBytes, ${settings.limits.headBytes}`,
    )
  }
  if (!Array.isArray(listen) || listen.length === 0) {
    problems.push(`listen is ${show(listen)}: it must be a list of at least one { host, port }`)
    return settings
  }
  settings.listen = listen.map((entry, index) => readListen(entry, `listen[${index}]`, problems))
  return settings
}

function readListen(
  entry: NonNullable<RelayOptions['listen']>[number],
  place: string,
  problems: string[],
): ListenSettings {
  const settings: ListenSettings = { ...DEFAULT_LISTEN }
  if (!isGroup(entry, place, problems)) return settings
  const { tls: secure, ...address } = entry
  checkAll(address, LISTEN_RULES, `${place}.`, problems)
  Object.assign(settings, address)
  if (secure === undefined || !isGroup(secure, `${place}.tls`, problems)) return settings
  const complete = { certFile: '', keyFile: '', ...DEFAULT_TLS, ...secure }
  checkAll(complete, TLS_RULES, `${place}.tls.`, problems)
  if (complete.minVersion > complete.maxVersion) {
    problems.push(
      `${place}.tls.minVersion is ${show(complete.minVersion)}: it must not be above maxVersion, ${show(complete.maxVersion)}`,
    )
  }
  if (complete.clientAuth !== 'none' && complete.clientCaFile === '') {
    problems.push(
      `${place}.tls.clientCaFile is "": it must be the path of a PEM file when clientAuth is ${complete.clientAuth}`,
    )
  }
  return { ...settings, tls: complete }
}

function checkGroup(
  values: unknown,
  rules: Readonly<Record<string, Rule>>,
  place: string,
  problems: string[],
): void {
  if (isGroup(values, place, problems)) checkAll(values, rules, `${place}.`, problems)
}

function isGroup(values: unknown, place: string, problems: string[]): values is object {
  const isObject = typeof values === 'object' && values !== null && !Array.isArray(values)
  if (!isObject) problems.push(`${place} is ${show(values)}: it must be an object`)
  return isObject
}

/**
 * Fills in the pool's defaults and checks where an endpoint is. Throws a {@link ConfigurationError} that names every
 * problem.
 */
export function readEndpoint(address: Address, pool: Partial<PoolSettings>): PoolSettings {
  const problems: string[] = []
  const { tls: _, ...place } = address
  checkAll(place, ADDRESS_RULES, 'endpoint.', problems)
  checkAll(pool, POOL_RULES, 'pool.', problems)
  if (problems.length > 0) throw new ConfigurationError(problems)
  return { ...DEFAULT_POOL, ...pool }
}

function checkAll(
  values: object,
  rules: Readonly<Record<string, Rule>>,
  place: string,
  problems: string[],
): void {
  for (const [name, value] of Object.entries(values)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
    if (rule === undefined) {
      problems.push(`${place}${name} is not an option: known are ${Object.keys(rules).join(', ')}`)
      continue
    }
    const valid = rule(value)
    if (valid !== '') problems.push(`${place}${name} is ${show(value)}: it must be ${valid}`)
  }
}

/** A value as a person would write it; what JSON has no word for, as JavaScript calls it. */
function show(value: unknown): string {
  if (typeof value === 'string' || (typeof value === 'object' && value !== null)) return JSON.stringify(value)
  return typeof value === 'function' ? 'a function' : String(value)
}

function isUsable(options: SecureContextOptions): boolean {
  if (Object.values(options).every((value) => value === '')) return true
  try {
    tls().createSecureContext(options)
    return true
  } catch {
    return false
  }
}
