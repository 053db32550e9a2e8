import { baseLoggerConfig, LOG_LEVELS, parseLoggerConfig, parseLogLevel } from './logger-config.ts'
import type { LoggerConfig, LogLevel } from './logger-config.ts'
import { encodeLevel, encodeTime, toConsoleLine } from './logger-encoding.ts'
import { openOutputs, writeLine } from './logger-output.ts'
import { LoggerSampler } from './logger-sampler.ts'

/** Lines kept until pino is there; one more has them written without it. */
const HELD_LINES_MAX = 1000

/** Fields of one line. An Error is logged as its message. */
export type LogFields = Readonly<Record<string, unknown>>

/** What {@link createLogger} needs. */
export interface LoggerOptions {
  /** zap's config as JSON, `SERVING_LOGGING_CONFIG`; may be empty, and a bad one is reported in the log. */
  readonly config: string
  /** `SERVING_LOGGING_LEVEL`; overrides that of the config. Empty or no level: ignored. */
  readonly level: string
  /** Who logs: the value of `logger`. */
  readonly name: string
  /** Constant fields of every line. */
  readonly fields: Readonly<Record<string, string>>
  /** False writes the same lines without pino, which then is never loaded: 5 MB less, and slower by the line. */
  readonly usesPino?: boolean
  /** Wall clock, ms since 1970; tests pass their own. */
  readonly now?: () => number
}

/**
 * Makes the log of a process. Never throws: with a bad config it logs as Knative's built-in one says, under the name
 * `fallback-logger.<name>`, and says what is wrong.
 */
export function createLogger(options: LoggerOptions): Logger {
  let config = baseLoggerConfig()
  let warnings: string[] = []
  let problem = ''
  let outputs: number[] | null = null
  try {
    ;({ config, warnings } = parseLoggerConfig(options.config))
    outputs = openOutputs(config.outputPaths)
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error)
    config = baseLoggerConfig()
  }
  config.level = parseLogLevel(options.level) ?? config.level
  const name = problem === '' ? options.name : `fallback-logger.${options.name}`
  const logger = new Logger(config, outputs ?? [2], name, options)
  if (problem !== '') {
    logger.warn('Failed to parse logging config - using default zap production config', {
      error: `SERVING_LOGGING_CONFIG: ${problem}`,
    })
  }
  for (const warning of warnings) logger.warn(`SERVING_LOGGING_CONFIG: ${warning}`)
  return logger
}

/** What is used of pino. */
type LineWriter = Readonly<Record<LogLevel, (fields: LogFields, message: string) => void>>

interface Entry {
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
  readonly time: number
}

/**
 * The log of a process, one synchronous write per line, by pino when it is used. pino is loaded when the first line was
 * logged and the event loop is free again, so that it does not delay a port that is about to open; lines until then
 * are held with their time, and are written without it when the process ends before. They are written without it for ever
 * when it cannot be loaded.
 */
export class Logger {
  readonly #config: LoggerConfig
  readonly #outputs: readonly number[]
  readonly #constant: LogFields
  readonly #sampler: LoggerSampler | null
  readonly #now: () => number
  readonly #onExit = (): void => this.#writeHeld()
  #threshold: number
  #held: Entry[] = []
  /** Lines are held until pino is there. */
  #waitsForPino: boolean
  #pino: LineWriter | null = null
  #loading: Promise<void> | null = null
  /** Of the line that is being written. */
  #entry: Entry | null = null

  /** Use {@link createLogger}. `outputs` are file descriptors. */
  constructor(config: LoggerConfig, outputs: readonly number[], name: string, options: LoggerOptions) {
    this.#config = config
    this.#outputs = outputs
    this.#now = options.now ?? wallClock()
    this.#waitsForPino = options.usesPino ?? true
    this.#constant = {
      ...(config.nameKey === '' ? {} : { [config.nameKey]: name }),
      ...config.initialFields,
      ...options.fields,
    }
    const { sampling } = config
    this.#sampler = sampling === null ? null : new LoggerSampler(sampling.initial, sampling.thereafter)
    this.#threshold = LOG_LEVELS.indexOf(config.level)
  }

  /** Lines below this level are not written. */
  get level(): LogLevel {
    return LOG_LEVELS[this.#threshold]
  }

  set level(level: LogLevel) {
    this.#threshold = LOG_LEVELS.indexOf(level)
  }

  /** Logs what only somebody who looks for a fault wants to know. */
  debug(message: string, fields: LogFields = {}): void {
    this.#log('debug', message, fields)
  }

  /** Logs what happened. */
  info(message: string, fields: LogFields = {}): void {
    this.#log('info', message, fields)
  }

  /** Logs what should be looked at. */
  warn(message: string, fields: LogFields = {}): void {
    this.#log('warn', message, fields)
  }

  /** Logs what failed. */
  error(message: string, fields: LogFields = {}): void {
    this.#log('error', message, fields)
  }

  /** Logs what ends the process; the caller ends it. */
  fatal(message: string, fields: LogFields = {}): void {
    this.#log('fatal', message, fields)
  }

  /** Writes what is held, at once. Lines behind it are held again until pino is there. */
  flush(): void {
    this.#writeHeld()
  }

  /** Loads pino now, if it is used and not there; a service may call it when it has the time. */
  async ready(): Promise<void> {
    if (!this.#waitsForPino) return
    this.#loading ??= this.#load()
    await this.#loading
  }

  #log(level: LogLevel, message: string, fields: LogFields): void {
    if (LOG_LEVELS.indexOf(level) < this.#threshold) return
    const time = this.#now()
    if (this.#sampler !== null && !this.#sampler.admits(level, message, time)) return
    const entry: Entry = { level, message, fields: this.#plain(level, fields), time }
    if (this.#pino !== null) this.#write(this.#pino, entry)
    else if (this.#waitsForPino) this.#hold(entry)
    else this.#writePlain(entry)
  }

  #hold(entry: Entry): void {
    if (this.#held.length === 0) process.on('exit', this.#onExit)
    this.#held.push(entry)
    if (this.#held.length > HELD_LINES_MAX) this.#writeHeld()
    else if (this.#loading === null) {
      // Its failure leaves us with the lines as they are written without pino.
      this.#loading = new Promise((resolve) => setImmediate(resolve)).then(() => this.#load())
    }
  }

  /** Errors as text, with the stack of the first one, and nothing in the place of the line's own keys. */
  #plain(level: LogLevel, fields: LogFields): LogFields {
    const { messageKey, levelKey, timeKey, stacktraceKey } = this.#config
    const plain: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(fields)) {
      const isTaken =
        name === messageKey || name === levelKey || name === timeKey || Object.hasOwn(this.#constant, name)
      plain[isTaken ? `fields.${name}` : name] = value instanceof Error ? value.message : value
      if (value instanceof Error && stacktraceKey !== '' && level !== 'debug' && level !== 'info')
        plain[stacktraceKey] ??= value.stack
    }
    return plain
  }

  async #load(): Promise<void> {
    let made: LineWriter
    try {
      const { pino } = await import('pino')
      made = pino(this.#pinoOptions(), { write: (line: string) => this.#output(line) })
    } catch (error) {
      this.#waitsForPino = false
      this.#held.push({ ...this.#problem(error), time: this.#now() })
      this.#writeHeld()
      return
    }
    process.removeListener('exit', this.#onExit)
    const held = this.#held
    this.#held = []
    this.#waitsForPino = false
    this.#pino = made
    for (const entry of held) this.#write(made, entry)
  }

  #problem(error: unknown): Omit<Entry, 'time'> {
    const fields = { error: error instanceof Error ? error.message : String(error) }
    return { level: 'warn', message: 'pino could not be loaded; the log goes on without it', fields }
  }

  #pinoOptions(): import('pino').LoggerOptions<LogLevel, true> {
    const { messageKey, timeKey } = this.#config
    return {
      // The threshold is ours, so that a line costs nothing below it.
      level: 'debug',
      customLevels: Object.fromEntries(LOG_LEVELS.map((level, i) => [level, (i + 1) * 10])) as Record<
        LogLevel,
        number
      >,
      useOnlyCustomLevels: true,
      messageKey,
      base: { ...this.#constant },
      timestamp: timeKey === '' ? false : () => `,${JSON.stringify(timeKey)}:${this.#time()}`,
      formatters: { level: (label) => this.#level(label as LogLevel) },
      serializers: { err: (value: unknown) => value },
    }
  }

  #level(level: LogLevel): Record<string, string> {
    return { [this.#config.levelKey]: encodeLevel(level, this.#config.levelEncoder) }
  }

  #time(): string {
    // pino asks once when it is made.
    return encodeTime(this.#entry === null ? 0 : this.#entry.time, this.#config.timeEncoder)
  }

  #write(pino: LineWriter, entry: Entry): void {
    this.#entry = entry
    // pino reads % as a format only with arguments behind the message; there are none.
    pino[entry.level](entry.fields, entry.message)
    this.#entry = null
  }

  /** Writes held lines without pino: the process ends, or there are too many. */
  #writeHeld(): void {
    process.removeListener('exit', this.#onExit)
    const held = this.#held
    this.#held = []
    for (const entry of held) this.#writePlain(entry)
  }

  /** Writes a line without pino: the same bytes as pino's. */
  #writePlain(entry: Entry): void {
    this.#entry = entry
    const { timeKey, messageKey } = this.#config
    const line = {
      ...this.#level(entry.level),
      ...(timeKey === '' ? {} : { [timeKey]: JSON.parse(this.#time()) as unknown }),
      ...this.#constant,
      ...entry.fields,
      [messageKey]: entry.message,
    }
    this.#output(`${toJson(line)}\n`)
    this.#entry = null
  }

  #output(line: string): void {
    const text = this.#config.encoding === 'json' ? line : toConsoleLine(line, this.#config)
    for (const descriptor of this.#outputs) writeLine(descriptor, text)
  }
}

/** JSON of a line; a field that it cannot say, as a cycle or a bigint, is said as text and does not end the process. */
function toJson(line: object): string {
  try {
    return JSON.stringify(line)
  } catch {
    return JSON.stringify(line, (key, value: unknown) => (key === '' ? value : String(value)))
  }
}

/** Further apart than this, the wall clock was set, ms. */
const STEP_MS = 2

/** The wall clock with the microseconds that Date.now() does not have, so that lines keep their order. */
function wallClock(): () => number {
  let offset = Date.now() - monotonicNow()
  return () => {
    const now = monotonicNow()
    const wall = Date.now()
    if (Math.abs(wall - now - offset) > STEP_MS) offset = wall - now
    return now + offset
  }
}

/** As `performance.now()`, which would load `perf_hooks`: 0.7 MB in a process that needs it for nothing else. */
function monotonicNow(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}
