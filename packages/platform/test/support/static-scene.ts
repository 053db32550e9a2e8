import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { StaticPlatform, type StaticPlatformOptions } from '../../src/static/static-platform.ts'
import { folderOf } from './folder.ts'
import { KeptLog } from './kept-log.ts'
import { Told } from './told.ts'
import { keepAlive } from './within.ts'

/** A file with one revision. */
export const HELLO = 'revisions: [{name: hello, containerConcurrency: 1, endpoints: ["127.0.0.1:1"]}]\n'
/** The same with its instance at another port. */
export const at = (port: number): string => HELLO.replace('127.0.0.1:1"', `127.0.0.1:${port}"`)
/** How that is told. */
export const told = (port: number): string => `endpoints hello [127.0.0.1:${port}] [] ""`
/** Its name. */
export const NAME = { namespace: 'default', name: 'hello' }

/** A platform and all that it tells. */
export interface Scene {
  readonly platform: StaticPlatform
  readonly events: Told
  readonly file: string
  readonly folder: string
  readonly log: KeptLog
  /** What `onProblems` was told. */
  readonly problems: (readonly string[])[]
}

/** A platform that has not started, with a file of this text. */
export function prepare(t: Test, text: string, options: Partial<StaticPlatformOptions> = {}): Scene {
  keepAlive(t)
  const folder = folderOf(t)
  const file = join(folder, 'a.yaml')
  writeFileSync(file, text)
  const log = new KeptLog()
  const problems: (readonly string[])[] = []
  const onProblems = (found: readonly string[]): void => void problems.push(found)
  const platform = new StaticPlatform({ file, ownAddress: '10.0.0.1', log, onProblems, ...options })
  t.teardown(() => platform.close())
  return { platform, events: new Told(), file, folder, log, problems }
}

/** One that has started. */
export async function start(t: Test, text: string): Promise<Scene> {
  const scene = prepare(t, text)
  await scene.platform.start(scene.events)
  return scene
}
