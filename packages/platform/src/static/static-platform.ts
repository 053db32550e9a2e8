import { isDeepStrictEqual } from 'node:util'
import { resolve } from 'node:path'
import { type PlatformClock, PROCESS_CLOCK } from '../clock.ts'
import { readDocumentFile } from '../document/document-file.ts'
import type { ActivityStat, Platform, PlatformEvents, RevisionName } from '../platform.ts'
import { ActivityPost } from './activity-post.ts'
import { type ParsedConfig, parseApart } from './config-process.ts'
import { FileWatch } from './file-watch.ts'
import type { PlatformLog } from '../platform-log.ts'
import { placeAmong, tellChanges } from './static-changes.ts'
import { NO_CONFIG, type StaticConfig } from './static-config.ts'
import { Wakers } from './wakers.ts'

/** What a static platform is told. */
export interface StaticPlatformOptions {
  /** The YAML file. */
  readonly file: string
  /** Address of this activator, by which it finds itself among `activators`; may be empty. */
  readonly ownAddress: string
  readonly log: PlatformLog
  /** Tests pass their own. */
  readonly clock?: PlatformClock
  /** Told what is wrong with the file as it is now, one line each, whenever that changes; nothing when it is in force. */
  readonly onProblems?: (problems: readonly string[]) => void
}

/**
 * Instances that a file names. The file is read again when it changes, and only what differs is told; one that is wrong in any way, or
 * gone, never replaces what is in force. docs/reference/static-platform.md has its fields.
 */
export class StaticPlatform implements Platform {
  readonly name = 'static'
  readonly #file: string
  readonly #path: string
  readonly #ownAddress: string
  readonly #log: PlatformLog
  readonly #clock: PlatformClock
  readonly #onProblems: (problems: readonly string[]) => void
  readonly #watch: FileWatch
  #events: PlatformEvents | null = null
  #wakers: Wakers | null = null
  #post: ActivityPost | null = null
  #config: StaticConfig = NO_CONFIG
  #problems: readonly string[] = []
  /** The file changed before the start was over. */
  #isStale = false
  #isClosed = false

  constructor({
    file,
    ownAddress,
    log,
    clock = PROCESS_CLOCK,
    onProblems = () => {},
  }: StaticPlatformOptions) {
    this.#file = file
    this.#path = resolve(file)
    this.#ownAddress = ownAddress.toLowerCase()
    this.#log = log
    this.#clock = clock
    this.#onProblems = onProblems
    this.#watch = new FileWatch(this.#path, clock, () => this.#reload())
  }

  async start(events: PlatformEvents): Promise<void> {
    await this.#watch.start()
    const { config, problems } = await this.#readFirst()
    if (problems.length > 0) {
      await this.#watch.close()
      throw new Error(problems.join('\n'))
    }
    if (this.#isClosed) return
    this.#events = events
    this.#wakers = new Wakers(this.#path, events, this.#log, this.#clock)
    events.onConnection(true, '')
    this.#apply(events, this.#wakers, config)
  }

  /** What changes while it is read is read as well. */
  async #readFirst(): Promise<ParsedConfig> {
    for (;;) {
      this.#isStale = false
      const read = await this.#read()
      if (!this.#isStale) return read
    }
  }

  async #read(): Promise<ParsedConfig> {
    const { text, problem } = await readDocumentFile(this.#path, this.#file)
    if (problem !== '') return { config: NO_CONFIG, problems: [problem] }
    return parseApart(text, this.#file)
  }

  async #reload(): Promise<void> {
    const events = this.#events
    const wakers = this.#wakers
    if (events === null || wakers === null) {
      this.#isStale = true
      return
    }
    const { config, problems } = await this.#read()
    if (this.#isClosed) return
    const wereProblems = this.#problems
    this.#problems = problems
    if (problems.length > 0) {
      if (isDeepStrictEqual(problems, wereProblems)) return
      this.#log.error('The configuration changed and cannot be used; the one before stays in force.', {
        file: this.#file,
        problems,
      })
      return this.#onProblems(problems)
    }
    const isSame = isDeepStrictEqual(config, this.#config)
    if (!isSame) this.#apply(events, wakers, config)
    if (!isSame || wereProblems.length > 0)
      this.#log.info('The configuration was read again.', {
        file: this.#file,
        revisions: config.revisions.length,
        routes: config.routes.length,
      })
    if (wereProblems.length > 0) this.#onProblems([])
  }

  #apply(events: PlatformEvents, wakers: Wakers, config: StaticConfig): void {
    const before = this.#config
    this.#config = config
    this.#warnOfPeers(before, config)
    tellChanges(before, config, this.#ownAddress, events)
    wakers.update(before.revisions, config.revisions)
    if (config.reportUrl === before.reportUrl) return
    void this.#post?.close()
    this.#post = config.reportUrl === '' ? null : new ActivityPost(config.reportUrl, this.#log)
  }

  #warnOfPeers(before: StaticConfig, { activators }: StaticConfig): void {
    if (isDeepStrictEqual(before.activators, activators)) return
    if (placeAmong(activators, this.#ownAddress).index < 0)
      this.#log.warn('This activator is not among those of the configuration; its place does not change.', {
        file: this.#file,
        activators,
        address: this.#ownAddress,
      })
  }

  wake(name: RevisionName): void {
    if (!this.#isClosed) this.#wakers?.wake(name)
  }

  report(stats: readonly ActivityStat[]): void {
    this.#post?.send(stats)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([this.#watch.close(), this.#post?.close(), this.#wakers?.close()])
  }
}
