/** Where a command reads and writes; tests pass their own. */
export interface Console {
  /** Writes to standard output; the text has its own line ends. */
  readonly out: (text: string) => void
  /** Writes to standard error. */
  readonly err: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  /** Standard input; it is not touched before it is asked for. */
  readonly input: () => NodeJS.ReadableStream
  /** Absolute path of the current folder. */
  readonly folder: string
  /** Whether standard output is a terminal on which lines may be redrawn. */
  readonly isLive: boolean
  /** Whether output may have colours. */
  readonly hasColours: boolean
  /** Columns of the terminal now. */
  readonly width: () => number
  /** Lines of the terminal now. */
  readonly height: () => number
}

const WIDTH = 80
const HEIGHT = 24

/** The console of this process. */
export function processConsole(): Console {
  const { env, stdout, stderr } = process
  const isTerminal = stdout.isTTY && env.TERM !== 'dumb'
  // Whoever reads may leave first, as `head` and a terminal that is closed do: what is to be ended is ended all the same.
  stdout.on('error', ignoreGoneReader)
  stderr.on('error', ignoreGoneReader)
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    env,
    input: () => process.stdin,
    folder: process.cwd(),
    isLive: isTerminal && !isSet(env.CI),
    hasColours: isTerminal && !isSet(env.NO_COLOR),
    width: () => stdout.columns || WIDTH,
    height: () => stdout.rows || HEIGHT,
  }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}

function ignoreGoneReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
}
