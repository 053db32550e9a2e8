import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type PlatformClock, PROCESS_CLOCK } from '../../src/clock.ts'
import { FileWatch } from '../../src/static/file-watch.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { folderOf, replaceFile } from '../support/folder.ts'
import { keepAlive, until } from '../support/within.ts'

/** The time of this process without the looks that are made anyway: what is told with it, a watch has seen. */
class WatchesOnly implements PlatformClock {
  /** How often all was quiet. */
  rests = 0

  now(): number {
    return PROCESS_CLOCK.now()
  }

  after(ms: number, then: () => void): () => void {
    if (ms < 10_000) return PROCESS_CLOCK.after(ms, then)
    this.rests++
    return () => {}
  }
}

/** What the file was whenever it was told; `-` for none. */
async function watching(t: Test, file: string, clock: PlatformClock = new WatchesOnly()) {
  keepAlive(t)
  const told: string[] = []
  const watch = new FileWatch(file, clock, async () => {
    try {
      told.push(readFileSync(file, 'utf8'))
    } catch {
      told.push('-')
    }
  })
  t.teardown(() => watch.close())
  await watch.start()
  const tells = (text: string): Promise<void> =>
    until(`${text} is told, and not ${told.join()}`, () => told.at(-1) === text)
  return { watch, told, tells }
}

t.test('a file that is replaced, written in place, removed and made again is told each time', async (t) => {
  const file = join(folderOf(t), 'a.yaml')
  writeFileSync(file, 'one')
  const { told, tells } = await watching(t, file)
  replaceFile(file, 'two')
  await tells('two')
  writeFileSync(file, 'three')
  await tells('three')
  unlinkSync(file)
  await tells('-')
  replaceFile(file, 'four')
  await tells('four')
  renameSync(file, `${file}.old`)
  await tells('-')
  renameSync(`${file}.old`, file)
  await tells('four')
  t.strictSame(told, ['two', 'three', '-', 'four', '-', 'four'])
})

t.test('a mount of Kubernetes changes by a link to another directory', async (t) => {
  const folder = folderOf(t)
  const put = (version: string, text: string): void => {
    mkdirSync(join(folder, version))
    writeFileSync(join(folder, version, 'a.yaml'), text)
    symlinkSync(version, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  put('..1', 'one')
  symlinkSync(join('..data', 'a.yaml'), join(folder, 'a.yaml'))
  const { told, tells } = await watching(t, join(folder, 'a.yaml'))
  for (const [i, text] of ['two', 'three', 'four'].entries()) {
    put(`..${i + 2}`, text)
    rmSync(join(folder, `..${i + 1}`), { recursive: true })
    await tells(text)
  }
  t.strictSame(told, ['two', 'three', 'four'])
})

t.test('a file behind links is watched where it is, and so is every link on the way', async (t) => {
  const folder = folderOf(t)
  for (const name of ['etc', 'releases', 'releases/1', 'releases/2']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'releases/1/a.yaml'), 'one')
  writeFileSync(join(folder, 'releases/2/a.yaml'), 'two')
  symlinkSync('releases/1', join(folder, 'current'))
  symlinkSync('../current/a.yaml', join(folder, 'etc/a.yaml'))
  const clock = new WatchesOnly()
  const { tells: hears } = await watching(t, join(folder, 'etc/a.yaml'), clock)
  /** Also waits until only a watch can see what comes next. */
  const tells = async (text: string): Promise<void> => {
    const { rests } = clock
    await hears(text)
    await until('all is quiet', () => clock.rests > rests)
  }
  writeFileSync(join(folder, 'releases/1/a.yaml'), 'one more')
  await tells('one more')
  symlinkSync('releases/2', join(folder, 'next'))
  renameSync(join(folder, 'next'), join(folder, 'current'))
  await tells('two')
  writeFileSync(join(folder, 'releases/2/a.yaml'), 'two more')
  await tells('two more')
})

t.test('a file that is not there yet is told when it comes', async (t) => {
  const folder = folderOf(t)
  const { tells } = await watching(t, join(folder, 'a.yaml'))
  writeFileSync(join(folder, 'a.yaml'), 'one')
  await tells('one')
})

t.test('a file is told once it stays the same, and not while it is being written', async (t) => {
  const clock = new FakeClock()
  const file = join(folderOf(t), 'a.yaml')
  writeFileSync(file, 'one')
  const { told } = await watching(t, file, clock)
  /** Lets the next look come and end. */
  const look = async (): Promise<void> => {
    await until('a look is due', () => clock.waiting > 0)
    clock.pass(100)
    await until('the look is over', () => clock.waiting > 0)
  }
  clock.pass(10_000)
  await until('the look is over', () => clock.waiting > 0)
  for (const text of ['', 't', 'tw', 'two']) {
    writeFileSync(file, text)
    clock.pass(10_000)
    await until('the look is over', () => clock.waiting > 0)
    t.strictSame(told, [], `after ${JSON.stringify(text)}`)
  }
  await look()
  await until('it is told', () => told.length > 0)
  await until('the look is over', () => clock.waiting > 0)
  for (let i = 0; i < 5; i++) await look()
  t.strictSame(told, ['two'])
})

t.test('a change that no watch sees is found within ten seconds', async (t) => {
  const clock = new FakeClock()
  const folder = folderOf(t)
  mkdirSync(join(folder, 'a'))
  mkdirSync(join(folder, 'b'))
  const file = join(folder, 'a/a.yaml')
  writeFileSync(file, 'one')
  linkSync(file, join(folder, 'b/a.yaml'))
  const { told } = await watching(t, file, clock)
  // Through its other name it is changed without an event in the directory that is watched.
  writeFileSync(join(folder, 'b/a.yaml'), 'two')
  await settle()
  clock.pass(10_000)
  await until('a look is over', () => clock.waiting > 0)
  clock.pass(100)
  await until('it is told', () => told.length > 0)
  t.strictSame(told, ['two'])
})

t.test('other files in the directory are none of its business', async (t) => {
  const folder = folderOf(t)
  const file = join(folder, 'a.yaml')
  writeFileSync(file, 'one')
  const { told, tells } = await watching(t, file)
  // Such a neighbour must not put it off for ever either.
  const noise = setInterval(() => writeFileSync(join(folder, 'noise'), String(Math.random())), 5)
  t.teardown(() => clearInterval(noise))
  replaceFile(file, 'two')
  await tells('two')
  clearInterval(noise)
  t.strictSame(told, ['two'])
})

t.test('nothing is told twice at a time', async (t) => {
  keepAlive(t)
  const clock = new FakeClock()
  const file = join(folderOf(t), 'a.yaml')
  writeFileSync(file, 'one')
  const waiting: (() => void)[] = []
  const watch = new FileWatch(file, clock, () => new Promise((resolve) => waiting.push(resolve)))
  t.teardown(() => watch.close())
  t.teardown(() => waiting.forEach((resolve) => resolve()))
  await watch.start()
  replaceFile(file, 'two')
  clock.pass(10_000)
  await until('the first look is over', () => clock.waiting > 0)
  clock.pass(100)
  await until('it is told', () => waiting.length === 1)
  replaceFile(file, 'three')
  await settle()
  clock.pass(60_000)
  t.strictSame([waiting.length, clock.waiting], [1, 0], 'nothing is looked at before that is over')
  waiting[0]()
  for (let i = 0; i < 2; i++) {
    await until('a look is due', () => clock.waiting > 0)
    clock.pass(100)
  }
  await until('what came meanwhile is told', () => waiting.length === 2)
})

t.test('the end leaves no watch and no timer, and waits for what is being told', async (t) => {
  const clock = new FakeClock()
  const file = join(folderOf(t), 'a.yaml')
  writeFileSync(file, 'one')
  const { watch, told } = await watching(t, file, clock)
  await watch.close()
  t.equal(clock.waiting, 0)
  replaceFile(file, 'two')
  await settle()
  clock.pass(60_000)
  await settle()
  t.strictSame([told, clock.waiting], [[], 0])
  const neverStarted = new FileWatch(file, clock, async () => {})
  await neverStarted.close()
  await neverStarted.start()
  t.equal(clock.waiting, 0)
})
