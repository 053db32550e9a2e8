import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The top of the repository. */
export const ROOT: string = join(import.meta.dirname, '..', '..')

/** The blocks of shell commands of a document, in order, each as it stands. */
export function shellBlocks(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return [...text.matchAll(/^```sh\n(?<block>[\s\S]*?)^```$/gm)].map(({ groups }) => groups!['block'])
}

/** The block that has this line. Throws when there is none. */
export function blockWith(line: string, file = 'README.md'): string {
  const block = shellBlocks(file).find((one) => one.split('\n').includes(line))
  if (block === undefined) throw new Error(`${file} has no command ${line}`)
  return block
}
