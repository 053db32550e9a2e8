import type { Readable } from 'node:stream'
import { harmless } from './harmless-text.ts'

/** Longest line, characters; what is longer becomes several. */
const LINE_MAX = 16_384
const LINE_END = /\r\n|\n|\r/

/**
 * Reads lines from what a process writes, as fast as they come, each made harmless to a terminal. Bytes that are no UTF-8 become U+FFFD. A
 * carriage return ends a line as well, so that a progress bar stays readable.
 */
export function readLines(stream: Readable, onLine: (text: string) => void): void {
  let rest = ''
  // A newline may follow that belongs to it.
  let isAfterReturn = false
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const text = isAfterReturn && chunk.startsWith('\n') ? chunk.slice(1) : chunk
    isAfterReturn = text.endsWith('\r')
    const lines = text.split(LINE_END)
    lines[0] = rest + lines[0]
    const last = lines.pop()!
    for (const line of lines) tell(line, onLine)
    rest = last.slice(last.length - (last.length % LINE_MAX))
    if (rest !== last) tell(last.slice(0, last.length - rest.length), onLine)
  })
  stream.on('end', () => {
    if (rest !== '') tell(rest, onLine)
  })
  // A pipe that breaks has no more to say.
  stream.on('error', () => {})
}

function tell(line: string, onLine: (text: string) => void): void {
  if (line.length <= LINE_MAX) return onLine(harmless(line))
  for (let start = 0; start < line.length; start += LINE_MAX)
    onLine(harmless(line.slice(start, start + LINE_MAX)))
}
