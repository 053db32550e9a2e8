import { closeSync, openSync, writeSync } from 'node:fs'

/** Pause before the next try to write to a pipe that is full, ms. */
const FULL_PIPE_PAUSE_MS = 10

/**
 * Writes a whole line. A full pipe blocks, as it does for any process; when nobody can read it any more, the line is
 * lost: a log must not end the service.
 */
export function writeLine(descriptor: number, line: string): void {
  let bytes = Buffer.from(line, 'utf8')
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_PAUSE_MS)
    }
  }
}

/**
 * File descriptors of `stdout`, `stderr` and files, which are appended to. Throws an Error when one cannot be opened;
 * then none is.
 */
export function openOutputs(paths: readonly string[]): number[] {
  const opened: number[] = []
  try {
    for (const path of paths) {
      if (path === 'stdout') opened.push(1)
      else if (path === 'stderr') opened.push(2)
      else opened.push(openSync(filePath(path), 'a', 0o644))
    }
  } catch (error) {
    for (const descriptor of opened) if (descriptor > 2) closeSync(descriptor)
    throw new Error(`outputPaths: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
  return opened
}

function filePath(path: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(path)
  if (scheme === null) return path
  if (scheme[1].toLowerCase() === 'file') return new URL(path).pathname
  throw new Error(`${JSON.stringify(path)}: valid are stdout, stderr, a path and file://`)
}
