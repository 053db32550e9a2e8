import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { NO_CONFIG, type StaticConfig } from './static-config.ts'
import { parseStaticConfig } from './static-config-reader.ts'

/** A configuration and what is wrong with it, one line each. */
export interface ParsedConfig {
  readonly config: StaticConfig
  readonly problems: readonly string[]
}

interface Input {
  readonly text: string
  readonly file: string
}

/** From this size on a file is parsed in a process of its own, characters: starting one costs as much as parsing this. */
const PROCESS_MIN = 64 * 1024

const OWN_PATH = fileURLToPath(import.meta.url)

/**
 * {@link parseStaticConfig} without its price for this process: parsing 5,000 revisions makes more than 100 MB of garbage, whose pages would
 * stay (those of a thread, too), and takes a second in which no request would move. A process takes both with it. Never rejects.
 */
export async function parseApart(text: string, file: string): Promise<ParsedConfig> {
  if (text.length < PROCESS_MIN) return parse({ text, file })
  // Infinity, which is no bound, has no word in JSON.
  const child = fork(OWN_PATH, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const failed = once(child, 'exit').then(([code, signal]: unknown[]): ParsedConfig => {
    const how = `it ended with ${String(code ?? signal)}`
    return { config: NO_CONFIG, problems: [`${file} could not be parsed in a process of its own: ${how}`] }
  })
  try {
    const parsed = once(child, 'message').then(([message]: unknown[]) => message as ParsedConfig)
    child.send({ text, file } satisfies Input)
    return await Promise.race([parsed, failed])
  } catch (error) {
    const why = (error as Error).message
    return { config: NO_CONFIG, problems: [`${file} could not be parsed in a process of its own: ${why}`] }
  } finally {
    child.kill('SIGKILL')
  }
}

function parse({ text, file }: Input): ParsedConfig {
  const { config, problems } = parseStaticConfig(text, file)
  return { config, problems: problems.map((one) => one.text) }
}

// The same file is what the process runs.
if (process.send !== undefined && process.argv[1] === OWN_PATH)
  process.once('message', (input) => process.send!(parse(input as Input)))
