import { indexAmong } from '@pilotlight/admission'
import type { Logger } from '@pilotlight/telemetry'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ActivityStat, Platform, PlatformEvents, RevisionName } from '../platform.ts'
import { ActivityPost } from './activity-post.ts'
import { FileWatch } from './file-watch.ts'
import { parseStaticConfig, type StaticConfig, type StaticRevision } from './static-config.ts'
import { runWake } from './wake-runner.ts'
import { type WakeClock, Waker } from './waker.ts'

/** What a static platform is told. */
export interface StaticPlatformOptions {
  /** The YAML file. */
  readonly file: string
  /** Address of this activator, by which it finds itself among `activators`; may be empty. */
  readonly ownAddress: string
  readonly log: Logger
}

const NOTHING: StaticConfig = { revisions: [], routes: [], namespaces: [], activators: [], reportUrl: '' }

const CLOCK: WakeClock = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/**
 * Instances that a file names. The file is read again when it changes, and only what changed is told; a file that is wrong in any way, or gone,
 * never replaces what is known.
 */
export class StaticPlatform implements Platform {
  readonly name = 'static'
  readonly #file: string
  readonly #ownAddress: string
  readonly #log: Logger
  readonly #wakers = new Map<string, Waker>()
  #events: PlatformEvents | null = null
  #config: StaticConfig = NOTHING
  #text = ''
  #watch: FileWatch | null = null
  #post: ActivityPost | null = null

  constructor({ file, ownAddress, log }: StaticPlatformOptions) {
    this.#file = resolve(file)
    this.#ownAddress = ownAddress
    this.#log = log
  }

  // oxlint-disable-next-line typescript/require-await -- a platform may need time to start, this one does not
  async start(events: PlatformEvents): Promise<void> {
    const { text, config, problems } = this.#read()
    if (problems.length > 0) throw new Error(problems.join('\n'))
    this.#events = events
    this.#watch = new FileWatch(
      this.#file,
      () => this.#onChange(),
      (problem) => this.#log.error(problem),
    )
    events.onConnection(true, '')
    this.#apply(text, config)
  }

  #read(): { text: string; config: StaticConfig; problems: readonly string[] } {
    try {
      const text = readFileSync(this.#file, 'utf8')
      return { text, ...parseStaticConfig(text, this.#file) }
    } catch (error) {
      return {
        text: '',
        config: NOTHING,
        problems: [`${this.#file} cannot be read: ${(error as Error).message}`],
      }
    }
  }

  #onChange(): void {
    const { text, config, problems } = this.#read()
    if (text === this.#text) return
    if (problems.length === 0) {
      this.#apply(text, config)
      return this.#log.info(`${this.#file} was read again`, { revisions: config.revisions.length })
    }
    this.#log.error(`${this.#file} was changed and cannot be used: what was read before stays in force`, {
      problems,
    })
  }

  /** Tells what differs. Revisions come before the routes that name them, and go after. */
  #apply(text: string, config: StaticConfig): void {
    const before = this.#config
    this.#text = text
    this.#config = config
    if (!isSame(before.namespaces, config.namespaces)) this.#events!.onNamespaces(config.namespaces)
    this.#applyReports(config.reportUrl)
    const known = new Map(before.revisions.map((revision) => [keyOf(revision.spec), revision]))
    const peersChanged = !isSame(before.activators, config.activators)
    for (const revision of config.revisions) {
      const key = keyOf(revision.spec)
      this.#applyRevision(revision, known.get(key) ?? null, config.activators, peersChanged)
      known.delete(key)
    }
    if (!isSame(before.routes, config.routes)) this.#events!.onRoutes(config.routes)
    for (const [key, revision] of known) this.#removeRevision(key, revision)
  }

  #applyReports(url: string): void {
    if (url === (this.#post?.url ?? '')) return
    this.#post?.close()
    this.#post = url === '' ? null : new ActivityPost(url, this.#log)
  }

  #applyRevision(
    revision: StaticRevision,
    before: StaticRevision | null,
    activators: readonly string[],
    peersChanged: boolean,
  ): void {
    const events = this.#events!
    const { spec, ready, notReady, clusterAddress, wake } = revision
    if (!isSame(before?.spec, spec)) events.onRevision(spec)
    if (before === null || peersChanged) this.#tellPeers(spec, activators)
    const key = keyOf(spec)
    const waker = this.#wakers.get(key)
    if (wake === null) {
      void waker?.close()
      this.#wakers.delete(key)
    } else if (waker === undefined) this.#wakers.set(key, this.#wakerFor(spec, revision))
    else waker.action = wake
    if (ready.length + notReady.length > 0) this.#wakers.get(key)?.onInstances()
    const was = before === null ? undefined : [before.ready, before.notReady, before.clusterAddress]
    if (!isSame(was, [ready, notReady, clusterAddress]))
      events.onEndpoints(spec, { ready, notReady, clusterAddress })
  }

  #tellPeers(name: RevisionName, activators: readonly string[]): void {
    const place = indexAmong(activators, this.#ownAddress)
    if (place !== null) this.#events!.onPeers(name, place)
    else if (activators.length === 0) this.#events!.onPeers(name, { index: 0, count: 1 })
  }

  #wakerFor(name: RevisionName, { wake }: StaticRevision): Waker {
    return new Waker(name, wake!, {
      run: (action) => runWake(action, name, dirname(this.#file)),
      clock: CLOCK,
      onTrouble: (_, reason, output) => this.#onTrouble(name, reason, output),
    })
  }

  #onTrouble(name: RevisionName, reason: string, output: string): void {
    if (reason !== '') this.#log.error(reason, { revision: keyOf(name), output })
    this.#events!.onTrouble(name, reason)
  }

  #removeRevision(key: string, { spec }: StaticRevision): void {
    void this.#wakers.get(key)?.close()
    this.#wakers.delete(key)
    this.#events!.onRevisionGone(spec)
  }

  wake(name: RevisionName): void {
    this.#wakers.get(keyOf(name))?.wake()
  }

  report(stats: readonly ActivityStat[]): void {
    this.#post?.send(stats)
  }

  async close(): Promise<void> {
    this.#watch?.close()
    this.#post?.close()
    await Promise.all(Array.from(this.#wakers.values(), (waker) => waker.close()))
    this.#wakers.clear()
  }
}

function keyOf({ namespace, name }: RevisionName): string {
  return `${namespace}/${name}`
}

/** Whether two parts of a configuration say the same. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, infinityAsText) === JSON.stringify(b, infinityAsText)
}

function infinityAsText(_key: string, value: unknown): unknown {
  return value === Infinity ? 'Infinity' : value
}
