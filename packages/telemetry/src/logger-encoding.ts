import type { LoggerConfig, LogLevel } from './logger-config.ts'

/** zapdriver's names, which Google's log viewer knows. */
const SEVERITIES: Readonly<Record<LogLevel, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  dpanic: 'CRITICAL',
  panic: 'ALERT',
  fatal: 'EMERGENCY',
}
const COLOURS: Readonly<Record<LogLevel, number>> = {
  debug: 35,
  info: 34,
  warn: 33,
  error: 31,
  dpanic: 31,
  panic: 31,
  fatal: 31,
}

/** The text of a level. */
export function encodeLevel(level: LogLevel, encoder: LoggerConfig['levelEncoder']): string {
  if (encoder === 'severity') return SEVERITIES[level]
  const text = encoder === 'capital' || encoder === 'capitalColor' ? level.toUpperCase() : level
  return encoder === 'capitalColor' || encoder === 'color' ? `\x1b[${COLOURS[level]}m${text}\x1b[0m` : text
}

/** A time as JSON; `ms` since 1970 with a fraction of microseconds. */
export function encodeTime(ms: number, encoder: LoggerConfig['timeEncoder']): string {
  switch (encoder) {
    case 'rfc3339nano':
      return `"${rfc3339(ms, 6).replace(/\.?0+Z$/, 'Z')}"`
    case 'rfc3339':
      return `"${rfc3339(ms, 0)}"`
    case 'iso8601':
      return `"${new Date(ms).toISOString()}"`
    case 'millis':
      return String(ms)
    case 'nanos':
      return String(BigInt(Math.round(ms * 1000)) * 1000n)
    default:
      return String(Math.round(ms * 1000) / 1e6)
  }
}

function rfc3339(ms: number, digits: number): string {
  const seconds = new Date(ms).toISOString().slice(0, 19)
  if (digits === 0) return `${seconds}Z`
  const micros = Math.floor((ms - Math.floor(ms / 1000) * 1000) * 1000)
  return `${seconds}.${String(micros).padStart(6, '0')}Z`
}

/** A line of JSON as zap's console encoding: time, level, name and message, then the fields as JSON. */
export function toConsoleLine(line: string, config: LoggerConfig): string {
  const entry = JSON.parse(line) as Record<string, unknown>
  const parts: string[] = []
  for (const key of [config.timeKey, config.levelKey, config.nameKey, config.messageKey]) {
    if (key === '' || entry[key] === undefined) continue
    const text = shown(entry[key])
    parts.push(key === config.levelKey ? text : visible(text))
    delete entry[key]
  }
  if (Object.keys(entry).length > 0) parts.push(JSON.stringify(entry))
  return `${parts.join(config.consoleSeparator)}\n`
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Control characters of a message would start lines of their own. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
