import { dirname, resolve } from 'node:path'
import type { PlatformClock } from '../clock.ts'
import { readDocumentFile } from '../document/document-file.ts'
import { FILE_BYTES_MAX } from '../document/documents.ts'
import type { ManifestSet } from '../manifest/manifest-set.ts'
import { readManifests } from '../manifest/read-manifests.ts'
import { FileWatch } from '../static/file-watch.ts'

/** Name under which manifests come by standard input. */
export const STANDARD_INPUT = '-'
const STANDARD_INPUT_SHOWN = 'standard input'

/** Where manifests come from. */
export interface ManifestSources {
  /** Paths; `-` is standard input. */
  readonly files: readonly string[]
  /** Command lines by service, which count more than what the files say. */
  readonly commands: ReadonlyMap<string, string>
  /** What `-` reads, to its end. */
  readonly input: AsyncIterable<Buffer | string>
  readonly clock: PlatformClock
}

/** The files that say what there should be: read at the start, and whenever one of them changes. */
export class ManifestFiles {
  readonly #sources: ManifestSources
  readonly #watches: readonly FileWatch[]
  #inputText: string | null = null
  #inputProblem = ''

  /** `onChange` is called after a file has changed; never twice at a time. */
  constructor(sources: ManifestSources, onChange: () => Promise<void>) {
    this.#sources = sources
    const { clock, files } = sources
    // One after the other, although each file has a watch of its own.
    let last = Promise.resolve()
    const change = (): Promise<void> => (last = last.then(onChange))
    this.#watches = files
      .filter((file) => file !== STANDARD_INPUT)
      .map((file) => new FileWatch(resolve(file), clock, change))
  }

  /** Begins to look at the files. */
  async start(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.start()))
  }

  /**
   * What the files say now. A file that cannot be read is a problem of the set. `revisions` are those that `traffic` may name although no
   * file makes them: names by `<namespace>/<service>`.
   */
  async read(revisions: ReadonlyMap<string, readonly string[]>): Promise<ManifestSet> {
    const { commands, files } = this.#sources
    const problems: string[] = []
    const texts = await Promise.all(files.map((file) => this.#readOne(file, problems)))
    const set = readManifests({ files: texts.filter((text) => text !== null), commands, revisions })
    if (problems.length === 0) return set
    const unreadable = problems.map((text) => ({ line: 0, text }))
    return { ...set, problems: [...unreadable, ...set.problems] }
  }

  async #readOne(
    file: string,
    problems: string[],
  ): Promise<{ name: string; text: string; folder: string } | null> {
    if (file === STANDARD_INPUT) {
      const text = await this.#readInput()
      if (this.#inputProblem !== '') problems.push(this.#inputProblem)
      return { name: STANDARD_INPUT_SHOWN, text, folder: process.cwd() }
    }
    const path = resolve(file)
    const { text, problem } = await readDocumentFile(path, file)
    if (problem === '') return { name: file, text, folder: dirname(path) }
    problems.push(problem)
    return null
  }

  /** It can be read once; what it said is kept. */
  async #readInput(): Promise<string> {
    if (this.#inputText !== null) return this.#inputText
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of this.#sources.input) {
      const data = Buffer.from(chunk)
      bytes += data.length
      if (bytes > FILE_BYTES_MAX) {
        this.#inputProblem = `${STANDARD_INPUT_SHOWN} has more than ${FILE_BYTES_MAX} bytes: it must have at most that many`
        break
      }
      chunks.push(data)
    }
    this.#inputText = this.#inputProblem === '' ? Buffer.concat(chunks).toString('utf8') : ''
    return this.#inputText
  }

  /** Ends the watches, and what they have begun. */
  async close(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.close()))
  }
}
