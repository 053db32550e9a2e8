import { createLogger } from '@pilotlight/telemetry'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { StaticPlatform } from '../../src/static/static-platform.ts'
import { replaceFile } from '../support/folder.ts'
import { Receiver } from '../support/receiver.ts'
import { at, HELLO, NAME, prepare, start, told } from '../support/static-scene.ts'
import { until, within } from '../support/within.ts'

t.test('when the start is over, everything that the file says was told', async (t) => {
  const { events, log, problems } = await start(t, `${HELLO}namespaces: [{name: default, weight: 3}]\n`)
  t.strictSame(events.take(), [
    'connected true ""',
    'namespaces default=3',
    'revision default/hello 1',
    'peers hello 0/1',
    told(1),
  ])
  t.strictSame([log.lines, problems], [[], []])
})

t.test('the log of the process will do', async (t) => {
  const log = createLogger({ config: '', level: 'fatal', name: 'test', fields: {} })
  const { platform, events } = prepare(t, HELLO, { log })
  await platform.start(events)
  t.equal(platform.name, 'static')
})

t.test('a start is refused with every problem, one per line, and tells nothing', async (t) => {
  const { platform, events, file } = prepare(t, 'revisions:\n- name: A\n- {name: b, protocol: x}\n')
  const { message } = await platform.start(events).then(
    () => new Error('it started'),
    (error: unknown) => error as Error,
  )
  const lines = message.split('\n')
  t.equal(lines.length, 2)
  t.ok(lines[0].startsWith(`${file}:2: revisions[0].name is "A": it must be`), lines[0])
  t.equal(lines[1], `${file}:3: revisions[1].protocol is "x": it must be one of http1, h2c`)
  replaceFile(file, HELLO)
  t.strictSame(events.take(), [])
})

t.test('a start without a file, or with one that is empty, is refused', async (t) => {
  const gone = prepare(t, '')
  await t.rejects(gone.platform.start(gone.events), { message: /a\.yaml:1: the file is empty: it must have/ })
  const missing = join(gone.folder, 'missing.yaml')
  const other = new StaticPlatform({ file: missing, ownAddress: '', log: gone.log })
  await t.rejects(other.start(gone.events), { message: `${missing} cannot be read: ENOENT` })
  await other.close()
})

t.test('a command wakes a revision, in the folder of the file', async (t) => {
  const { platform, events, folder } = await start(
    t,
    'revisions: [{name: hello, wake: {exec: [sh, -c, "pwd > told.new; mv told.new told"]}}]\n',
  )
  events.take()
  platform.wake({ namespace: 'other', name: 'hello' })
  platform.wake({ namespace: 'default', name: 'unknown' })
  platform.wake(NAME)
  let text = ''
  await until('the command runs', () => {
    try {
      text = readFileSync(join(folder, 'told'), 'utf8')
    } catch {
      // Not yet.
    }
    return text !== ''
  })
  t.equal(text, `${folder}\n`)
  t.strictSame(events.take(), [])
})

t.test(
  'a command that fails is told to callers by its name, and to the log with what it wrote',
  async (t) => {
    const { platform, events, file, log } = await start(
      t,
      'revisions: [{name: hello, wake: {exec: [sh, -c, "echo secret; exit 3"]}}]\n',
    )
    platform.wake(NAME)
    await events.hears('trouble hello: the wake-up command "sh" ended with exit code 3')
    t.strictSame(log.lines, [
      {
        level: 'error',
        message: 'Failed to wake a revision.',
        fields: {
          revision: 'default/hello',
          error: 'the wake-up command "sh" ended with exit code 3',
          output: 'secret',
        },
      },
    ])
    events.take()
    replaceFile(
      file,
      'revisions: [{name: hello, endpoints: ["127.0.0.1:7"], wake: {exec: [sh, -c, "echo secret; exit 3"]}}]\n',
    )
    await events.hears('trouble hello: ')
    t.strictSame(events.take(), [told(7), 'trouble hello: '], 'instances that appear take it back')
  },
)

t.test('what changes about others in the file says nothing about a wake-up', async (t) => {
  const { platform, events, file } = await start(
    t,
    'revisions: [{name: hello, endpoints: ["127.0.0.1:7"], wake: {exec: ["false"]}}]\n',
  )
  platform.wake(NAME)
  await events.hears('trouble hello: the wake-up command "false" ended with exit code 1')
  events.take()
  replaceFile(
    file,
    'revisions: [{name: hello, endpoints: ["127.0.0.1:7"], wake: {exec: ["false"]}}, {name: other}]\n',
  )
  await events.hears('endpoints other [] [] ""')
  t.notOk(events.lines.includes('trouble hello: '))
})

t.test('trouble ends with the wake-up that made it', async (t) => {
  const wake = (more: string): string => `revisions: [{name: hello${more}}]\n`
  const { platform, events, file } = await start(t, wake(', wake: {exec: ["false"]}'))
  const trouble = 'trouble hello: the wake-up command "false" ended with exit code 1'
  platform.wake(NAME)
  await events.hears(trouble)
  replaceFile(file, wake(', wake: {exec: ["true"]}'))
  await events.hears('trouble hello: ')
  events.take()
  replaceFile(file, wake(', wake: {exec: ["false"]}'))
  await until('it is read', () => {
    platform.wake(NAME)
    return events.lines.includes(trouble)
  })
  replaceFile(file, wake(''))
  await events.hears('trouble hello: ')
  events.take()
  replaceFile(file, 'revisions: []\n')
  await events.hears('gone default/hello')
  t.strictSame(events.take(), ['gone default/hello'])
})

t.test('a call wakes a revision', async (t) => {
  const receiver = await Receiver.start(t)
  const { platform, events } = await start(t, `revisions: [{name: hello, wake: {http: "${receiver.url}"}}]\n`)
  platform.wake(NAME)
  const first = await receiver.receives(1)
  t.strictSame(first.body, NAME)
  first.answer(503)
  await events.hears('trouble hello: the wake-up call was answered with status 503')
  platform.wake(NAME)
  ;(await receiver.receives(2)).answer(202)
  await events.hears('trouble hello: ')
})

t.test('activity is reported to where the file says now', async (t) => {
  const receiver = await Receiver.start(t)
  const stats = [{ ...NAME, averageConcurrency: 0.5, requestCount: 3 }]
  const { platform, events, file } = await start(t, `${HELLO}reports: {http: "${receiver.url}/one"}\n`)
  platform.report(stats)
  const first = await receiver.receives(1)
  t.match(first, { path: '/one', body: { stats } })
  replaceFile(file, `${at(2)}reports: {http: "${receiver.url}/two"}\n`)
  await events.hears(told(2))
  // Sooner than for want of an answer.
  await within('what was under way is given up', until('it is', first.isGone), 4000)
  platform.report(stats)
  const second = await receiver.receives(2)
  t.equal(second.path, '/two')
  second.answer(200)
  replaceFile(file, at(3))
  await events.hears(told(3))
  platform.report(stats)
  replaceFile(file, `${at(4)}reports: {http: "${receiver.url}/four"}\n`)
  await events.hears(told(4))
  platform.report(stats)
  const third = await receiver.receives(3)
  t.equal(third.path, '/four')
  third.answer(200)
})

t.test('the end leaves nothing: no command, no call, no watch, and nothing is told', async (t) => {
  const receiver = await Receiver.start(t)
  const { platform, events, file, folder, problems } = await start(
    t,
    `revisions:
- {name: hello, wake: {exec: [sh, -c, "echo $$ > pid.new; mv pid.new pid; exec sleep 600"]}}
- {name: called, wake: {http: "${receiver.url}/wake"}}
reports: {http: "${receiver.url}/report"}
`,
  )
  platform.wake(NAME)
  platform.wake({ ...NAME, name: 'called' })
  platform.report([])
  const calls = [await receiver.receives(1), await receiver.receives(2)]
  let pid = 0
  await until('the command runs', () => {
    try {
      pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    } catch {
      // Not yet.
    }
    return pid > 0
  })
  events.take()
  await within('it ends', platform.close())
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, 'the command is gone')
  for (const call of calls) await until('the receiver sees it', call.isGone)
  replaceFile(file, HELLO)
  platform.wake(NAME)
  platform.report([])
  await within('it ends again', platform.close())
  t.strictSame([events.take(), problems, receiver.received.length], [[], [], 2])
})

t.test('a platform that never started, or that could not, ends', async (t) => {
  const { platform, events } = prepare(t, 'wrong')
  platform.wake(NAME)
  platform.report([])
  await platform.close()
  const other = prepare(t, 'wrong')
  await t.rejects(other.platform.start(events))
  await within('it ends', other.platform.close())
})
