/** Levels of the log, least severe first; zap's names. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'dpanic', 'panic', 'fatal'] as const
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** How a line of the log is written: what zap's config can say, as far as it has a meaning here. */
export interface LoggerConfig {
  level: LogLevel
  encoding: 'json' | 'console'
  /** `stdout`, `stderr` or paths of files. */
  outputPaths: readonly string[]
  /** Of equal messages in one second: the first so many are written, then every so many. Null writes all. */
  sampling: { initial: number; thereafter: number } | null
  initialFields: Readonly<Record<string, unknown>>
  messageKey: string
  levelKey: string
  /** Empty is no time; so is an empty name or stack key. */
  timeKey: string
  nameKey: string
  stacktraceKey: string
  levelEncoder: 'severity' | 'capital' | 'capitalColor' | 'color' | 'lowercase'
  timeEncoder: 'rfc3339nano' | 'rfc3339' | 'iso8601' | 'millis' | 'nanos' | 'epoch'
  consoleSeparator: string
}

/** Knative's built-in configuration. */
export function baseLoggerConfig(): LoggerConfig {
  return {
    level: 'info',
    encoding: 'json',
    outputPaths: ['stderr'],
    sampling: { initial: 100, thereafter: 100 },
    initialFields: {},
    messageKey: 'message',
    levelKey: 'severity',
    timeKey: 'timestamp',
    nameKey: 'logger',
    stacktraceKey: 'stacktrace',
    levelEncoder: 'severity',
    timeEncoder: 'rfc3339nano',
    consoleSeparator: '\t',
  }
}

/** The level of a name, in any case and with `warning` for warn; null when it is none. */
export function parseLogLevel(text: string): LogLevel | null {
  const lower = text.toLowerCase()
  const name = lower === 'warning' ? 'warn' : lower
  return LOG_LEVELS.find((level) => level === name) ?? null
}

/**
 * Reads the JSON of `SERVING_LOGGING_CONFIG` over Knative's built-in configuration; empty text changes nothing. What
 * cannot be honoured is named in `warnings`. Throws an Error that names the field when the text is malformed: then
 * zap would not start either.
 */
export function parseLoggerConfig(text: string): { config: LoggerConfig; warnings: string[] } {
  const config = baseLoggerConfig()
  const warnings: string[] = []
  if (text !== '') {
    const parsed: unknown = JSON.parse(text)
    overlay(parsed, '', FIELDS, config, warnings)
  }
  return { config, warnings }
}

type Reader = (value: unknown, name: string, config: LoggerConfig, warnings: string[]) => void

/** Go's decoder ignores the case of names and nulls. */
function overlay(
  value: unknown,
  path: string,
  fields: ReadonlyMap<string, Reader>,
  config: LoggerConfig,
  warnings: string[],
): void {
  for (const [given, member] of Object.entries(object(value, path === '' ? 'the config' : path))) {
    const name = path === '' ? given : `${path}.${given}`
    const read = fields.get(given.toLowerCase())
    if (read === undefined) warnings.push(`${name} is unknown and ignored`)
    else if (member !== null || given.toLowerCase() === 'sampling') read(member, name, config, warnings)
  }
}

const ENCODER_FIELDS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['messagekey', key('messageKey', false)],
  ['levelkey', key('levelKey', false)],
  ['timekey', key('timeKey', true)],
  ['namekey', key('nameKey', true)],
  ['stacktracekey', key('stacktraceKey', true)],
  // Where a line was logged is not recorded: it would cost a stack trace for each.
  ['callerkey', ignored('', 'caller')],
  ['functionkey', ignored('')],
  ['callerencoder', ignored('', 'short')],
  ['durationencoder', ignored('', 'string', 'seconds', 'nanos', 'ms')],
  ['nameencoder', ignored('', 'full')],
  ['lineending', ignored('', '\n')],
  ['skiplineending', ignored(false)],
  ['newreflectedencoder', ignored()],
  ['consoleseparator', (value, name, config) => (config.consoleSeparator = string(value, name) || '\t')],
  [
    'levelencoder',
    (value, name, config) => {
      const wanted = string(value, name)
      const known = wanted === 'capital' || wanted === 'capitalColor' || wanted === 'color'
      config.levelEncoder = known ? wanted : 'lowercase'
    },
  ],
  ['timeencoder', readTimeEncoder],
])

const FIELDS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [
    'level',
    (value, name, config) => {
      const text = string(value, name)
      const level = text === '' ? 'info' : parseLogLevel(text)
      if (level === null)
        throw new Error(`${name}: ${shown(value)} is no level; valid are ${LOG_LEVELS.join(', ')}`)
      config.level = level
    },
  ],
  [
    'encoding',
    (value, name, config) => {
      const encoding = string(value, name)
      if (encoding !== 'json' && encoding !== 'console')
        throw new Error(`${name}: ${shown(value)} is no encoding; valid are json, console`)
      config.encoding = encoding
    },
  ],
  ['outputpaths', (value, name, config) => (config.outputPaths = strings(value, name))],
  [
    'erroroutputpaths',
    (value, name, _config, warnings) => {
      // Where zap reports its own failures; ours are thrown at the start, and there is nowhere to report later ones.
      if (strings(value, name).join() !== 'stderr') warnings.push(`${name} is not supported: only stderr is`)
    },
  ],
  ['sampling', readSampling],
  ['initialfields', (value, name, config) => (config.initialFields = { ...object(value, name) })],
  [
    'encoderconfig',
    (value, name, config, warnings) => overlay(value, name, ENCODER_FIELDS, config, warnings),
  ],
  ['development', ignored(false)],
  ['disablecaller', ignored(false, true)],
  [
    'disablestacktrace',
    (value, name, config) => {
      if (typeof value !== 'boolean') throw wrongType(value, name, 'true or false')
      if (value) config.stacktraceKey = ''
    },
  ],
])

function key(
  field: 'messageKey' | 'levelKey' | 'timeKey' | 'nameKey' | 'stacktraceKey',
  mayBeEmpty: boolean,
): Reader {
  return (value, name, config, warnings) => {
    const text = string(value, name)
    if (text === '' && !mayBeEmpty) warnings.push(`${name} cannot be empty; it stays ${config[field]}`)
    else config[field] = text
  }
}

/** A field without effect here, with the values at which that makes no difference. */
function ignored(...harmless: readonly unknown[]): Reader {
  return (value, name, _config, warnings) => {
    if (!harmless.includes(value))
      warnings.push(`${name}: ${shown(value)} is not supported and has no effect`)
  }
}

function readTimeEncoder(value: unknown, name: string, config: LoggerConfig, warnings: string[]): void {
  if (typeof value === 'object') {
    warnings.push(`${name}: a layout is not supported; it stays ${config.timeEncoder}`)
    return
  }
  const text = string(value, name)
  const known = TIME_ENCODERS.find((encoder) => encoder === text || ALIASES.get(text) === encoder)
  config.timeEncoder = known ?? 'epoch'
}

const TIME_ENCODERS = ['rfc3339nano', 'rfc3339', 'iso8601', 'millis', 'nanos'] as const
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['RFC3339Nano', 'rfc3339nano'],
  ['RFC3339', 'rfc3339'],
  ['ISO8601', 'iso8601'],
])

function readSampling(value: unknown, name: string, config: LoggerConfig, warnings: string[]): void {
  if (value === null) {
    config.sampling = null
    return
  }
  const sampling = config.sampling ?? { initial: 0, thereafter: 0 }
  for (const [member, count] of Object.entries(object(value, name))) {
    const lower = member.toLowerCase()
    if (lower !== 'initial' && lower !== 'thereafter')
      warnings.push(`${name}.${member} is unknown and ignored`)
    else if (Number.isSafeInteger(count)) sampling[lower] = count as number
    else throw wrongType(count, `${name}.${member}`, 'an integer')
  }
  config.sampling = sampling
}

function string(value: unknown, name: string): string {
  if (typeof value !== 'string') throw wrongType(value, name, 'a string')
  return value
}

function strings(value: unknown, name: string): string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw wrongType(value, name, 'a list of strings')
  return value
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrongType(value, name, 'an object')
  return value as Record<string, unknown>
}

function wrongType(value: unknown, name: string, wanted: string): Error {
  return new Error(`${name}: expected ${wanted}, got ${shown(value)}`)
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 80)
}
