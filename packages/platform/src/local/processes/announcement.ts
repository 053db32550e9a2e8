import type { Readable } from 'node:stream'

/** Longest announcement, characters. */
const LENGTH_MAX = 65_536

/**
 * Reads the line of JSON with which a process says that it is up, and closes the pipe. A line that is none, or too long, is told to
 * `onProblem` in a few words; a pipe that ends without one is not told at all, since the process then ends or has failed.
 */
export function readAnnouncement(
  stream: Readable,
  onAnnounced: (message: unknown) => void,
  onProblem: (problem: string) => void,
): void {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('error', () => {})
  stream.on('data', (chunk: string) => {
    if (stream.destroyed) return
    text += chunk
    const end = text.indexOf('\n')
    if (end < 0 && text.length <= LENGTH_MAX) return
    stream.destroy()
    if (end < 0) return onProblem(`it has no end after ${LENGTH_MAX} characters`)
    let message: unknown
    try {
      message = JSON.parse(text.slice(0, end))
    } catch (error) {
      return onProblem((error as Error).message)
    }
    onAnnounced(message)
  })
}
