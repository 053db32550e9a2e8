import { dirname, resolve } from 'node:path'
import { FILE_BYTES_MAX, type ManifestSet, readDocumentFile, readManifests } from '@pilotlight/platform'
import type { Arguments } from '../command-line/arguments.ts'
import type { Console } from '../console.ts'
import { EXIT_FAILED, EXIT_OK } from '../exit-codes.ts'
import { findManifestFiles, STDIN } from '../manifests/manifest-files.ts'
import { serviceCommands } from '../manifests/service-commands.ts'
import { countText } from '../views/numbers.ts'

const STDIN_SHOWN = 'standard input'

interface Text {
  readonly name: string
  readonly text: string
  readonly folder: string
}

/** `pilotlight validate`. */
export async function validate(args: Arguments, console: Console): Promise<number> {
  const { files, problems: missing } = findManifestFiles(
    [...args.texts('file'), ...args.operands],
    console.folder,
  )
  const problems = [...missing]
  const texts: Text[] = []
  for (const file of files) {
    const text = await read(file, console, problems)
    if (text !== null) texts.push(text)
  }
  const set = readManifests({ files: texts, commands: serviceCommands(args), revisions: new Map() })
  problems.push(...set.problems.map(({ text }) => text))
  const warnings = set.warnings.map(({ text }) => text)
  for (const problem of problems) console.err(`${problem}\n`)
  for (const warning of warnings) console.err(`${warning} (warning)\n`)
  tellGoodFiles(texts, set, console)
  return problems.length > 0 || (args.has('strict') && warnings.length > 0) ? EXIT_FAILED : EXIT_OK
}

function tellGoodFiles(texts: readonly Text[], set: ManifestSet, console: Console): void {
  for (const { name } of texts) {
    if (set.problems.some(({ text }) => text.startsWith(`${name}:`))) continue
    const services = set.services.filter(({ at }) => at.file === name)
    console.out(`${name}: ok, ${countText(services.length, 'service')}\n`)
  }
}

async function read(file: string, console: Console, problems: string[]): Promise<Text | null> {
  if (file === STDIN) return readInput(console, problems)
  const path = resolve(console.folder, file)
  const { problem, text } = await readDocumentFile(path, file)
  if (problem === '') return { name: file, text, folder: dirname(path) }
  problems.push(problem)
  return null
}

async function readInput(console: Console, problems: string[]): Promise<Text | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of console.input()) {
    const data = Buffer.from(chunk)
    bytes += data.length
    if (bytes > FILE_BYTES_MAX) {
      problems.push(`${STDIN_SHOWN} has more than ${FILE_BYTES_MAX} bytes: it must have at most that many`)
      return null
    }
    chunks.push(data)
  }
  return { name: STDIN_SHOWN, text: Buffer.concat(chunks).toString(), folder: console.folder }
}
