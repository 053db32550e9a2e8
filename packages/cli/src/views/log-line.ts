import { plainText } from '../terminal/safe-text.ts'
import type { Paint, Style } from '../terminal/style.ts'

/** Keys of a line that say who logs and when, not what happened. */
const OWN = new Set(['severity', 'timestamp', 'logger', 'message', 'caller', 'commit', 'stacktrace'])
const STYLES: Readonly<Record<string, Style>> = {
  DEBUG: 'dim',
  INFO: 'dim',
  WARNING: 'yellow',
  WARN: 'yellow',
  ERROR: 'red',
  CRITICAL: 'red',
  ALERT: 'red',
  EMERGENCY: 'red',
}
const VALUE_MAX = 2000

/** A line of the activator's log for people: `warning: message (key=value)`. What is no such line stays as it is. */
export function logLineText(line: string, paint: Paint): string {
  const fields = fieldsOf(line)
  if (fields === null) return plainText(line)
  const severity = typeof fields.severity === 'string' ? plainText(fields.severity) : 'INFO'
  const details = Object.entries(fields)
    .filter(([key]) => !OWN.has(key) && !key.startsWith('knative.dev/'))
    .map(([key, value]) => `${key}=${valueText(value)}`)
  const message = plainText(String(fields.message))
  const more = details.length === 0 ? '' : paint('dim', ` (${plainText(details.join(', '))})`)
  return `${paint(STYLES[severity] ?? 'dim', `${severity.toLowerCase()}:`)} ${message}${more}`
}

function fieldsOf(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null
  try {
    const fields = JSON.parse(line) as Record<string, unknown>
    return typeof fields.message === 'string' ? fields : null
  } catch {
    return null
  }
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' && !/[\s,()]/.test(value) ? value : JSON.stringify(value)
  return text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text
}
