import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FakeClock } from '../support/fake-clock.ts'
import { replaceFile } from '../support/folder.ts'
import { at, HELLO, prepare, start, told } from '../support/static-scene.ts'
import { until } from '../support/within.ts'

t.test('a change tells what differs, however the file is written', async (t) => {
  const { events, file, log } = await start(t, HELLO)
  events.take()
  replaceFile(file, at(2))
  await events.hears(told(2))
  writeFileSync(file, at(3))
  await events.hears(told(3))
  renameSync(file, `${file}.old`)
  writeFileSync(`${file}.next`, at(4))
  renameSync(`${file}.next`, file)
  await events.hears(told(4))
  replaceFile(file, 'revisions: [{name: other}]\n')
  await events.hears('gone default/hello')
  t.strictSame(events.take(), [
    told(2),
    told(3),
    told(4),
    'revision default/other 0',
    'peers other 0/1',
    'endpoints other [] [] ""',
    'gone default/hello',
  ])
  t.strictSame(
    log.lines.map(({ level, message, fields }) => [level, message, fields['revisions']]),
    [1, 2, 3, 4].map(() => ['info', 'The configuration was read again.', 1]),
  )
})

t.test('a mounted ConfigMap is read again when its link is changed', async (t) => {
  const { platform, events, folder, file } = prepare(t, '')
  unlinkSync(file)
  const put = (version: string, text: string): void => {
    mkdirSync(join(folder, version))
    writeFileSync(join(folder, version, 'a.yaml'), text)
    symlinkSync(version, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  put('..2026_1', HELLO)
  symlinkSync(join('..data', 'a.yaml'), file)
  await platform.start(events)
  put('..2026_2', at(2))
  rmSync(join(folder, '..2026_1'), { recursive: true })
  await events.hears(told(2))
  put('..2026_3', at(3))
  await events.hears(told(3))
})

t.test('a file that is wrong never replaces what is in force, and every problem is told', async (t) => {
  const { events, file, log, problems } = await start(t, HELLO)
  events.take()
  replaceFile(file, 'revisions: [{name: hello, containerConcurrency: many, colour: red}]\n')
  await until('it is told', () => problems.length === 1)
  const [[first, second, ...rest]] = problems
  t.equal(rest.length, 0)
  t.equal(
    first,
    `${file}:1: revisions[0].containerConcurrency is "many": it must be a whole number from 0 to 1000000`,
  )
  t.match(second, /:1: revisions\[0\]\.colour is not known/)
  t.strictSame(log.lines, [
    {
      level: 'error',
      message: 'The configuration changed and cannot be used; the one before stays in force.',
      fields: { file, problems: [first, second] },
    },
  ])
  replaceFile(file, '')
  await until('the next is told', () => problems.length === 2)
  t.match(problems[1], [/the file is empty/])
  unlinkSync(file)
  await until('the next is told', () => problems.length === 3)
  t.match(problems[2], [/a\.yaml cannot be read: ENOENT/])
  t.strictSame(events.take(), [])
  replaceFile(file, HELLO)
  await until('all is well', () => problems.length === 4)
  t.strictSame(problems[3], [])
  t.strictSame(events.take(), [], 'it says what is in force already')
  t.equal(log.lines.at(-1)?.message, 'The configuration was read again.')
  replaceFile(file, at(5))
  await events.hears(told(5))
  t.equal(problems.length, 4)
})

t.test('the same problems are told once', async (t) => {
  const clock = new FakeClock()
  const { platform, events, file, log, problems } = prepare(t, HELLO, { clock })
  await platform.start(events)
  /** Looks until the file is settled and read. */
  const look = async (): Promise<void> => {
    for (const ms of [10_000, 100, 100]) {
      await until('a look is due', () => clock.waiting > 0)
      clock.pass(ms)
    }
    await until('the last look is over', () => clock.waiting > 0)
  }
  for (const text of ['{}: wrong\n', '{}: wrong\n# still\n', '{}: wrong\n']) {
    replaceFile(file, text)
    await look()
  }
  t.strictSame([log.lines.length, problems.length], [1, 1])
  replaceFile(file, '{}: wrong\n[]: as well\n')
  await look()
  t.strictSame([log.lines.length, problems.length], [2, 2])
})

t.test('a file that is half written is not taken for a whole one', async (t) => {
  const { events, file } = await start(t, `${HELLO.trimEnd().slice(0, -1)}, {name: other}]\n`)
  events.take()
  const text =
    'revisions:\n  - {name: hello, containerConcurrency: 1, endpoints: ["127.0.0.1:9"]}\n  - {name: other}\n'
  for (let length = 0; length < text.length; length += 40) {
    writeFileSync(file, text.slice(0, length))
    await new Promise((resolve) => setImmediate(resolve))
  }
  writeFileSync(file, text)
  await events.hears(told(9))
  t.strictSame(events.take(), [told(9)], 'no revision was gone for a moment')
})

t.test('an activator that is not among those of the file is warned of, once', async (t) => {
  const { events, file, log } = await start(t, `${HELLO}activators: ["10.0.0.1", "10.0.0.2"]\n`)
  t.ok(events.take().includes('peers hello 0/2'))
  replaceFile(file, `${HELLO}activators: ["10.0.0.2"]\n`)
  await events.hears('peers hello -1/1')
  replaceFile(file, `${at(3)}activators: ["10.0.0.2"]\n`)
  await events.hears(told(3))
  t.strictSame(
    log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields),
    [{ file, activators: ['10.0.0.2'], address: '10.0.0.1' }],
  )
})
