import type { Readable } from 'node:stream'

/** Longest line, characters. */
const LENGTH_MAX = 65_536
/** What has more to say is not what we wait for. */
const LINES_MAX = 16

/**
 * Reads the lines of JSON with which a process says how far it is, until it closes the pipe. A line that is none, or too long, or one too
 * many, is told to `onProblem` in a few words, and ends the reading; a pipe that ends without one is not told at all, since the process then
 * ends or has failed.
 */
export function readAnnouncements(
  stream: Readable,
  onAnnounced: (message: unknown) => void,
  onProblem: (problem: string) => void,
): void {
  let text = ''
  let count = 0
  const fail = (problem: string): void => {
    stream.destroy()
    onProblem(problem)
  }
  stream.setEncoding('utf8')
  stream.on('error', () => {})
  stream.on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n')
    text = lines.pop()!
    for (const line of lines) {
      if (stream.destroyed) return
      if (++count > LINES_MAX) return fail(`it says more than ${LINES_MAX} things`)
      let message: unknown
      try {
        message = JSON.parse(line)
      } catch (error) {
        return fail((error as Error).message)
      }
      onAnnounced(message)
    }
    if (text.length > LENGTH_MAX) fail(`it has no end after ${LENGTH_MAX} characters`)
  })
}
