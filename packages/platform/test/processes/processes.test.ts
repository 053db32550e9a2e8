import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { folderOf } from '../support/folder.ts'
import { until, within } from '../support/within.ts'
import { isRunning, ProcessScene } from './process-scene.ts'

t.test('a process has its environment, its folder and an empty input', async (t) => {
  const { processes, run } = bound(await ProcessScene.start(t))
  const folder = folderOf(t)
  const env = { PATH: process.env['PATH']!, GREETING: 'hello  you', 'log.level': 'a=b' }
  const shown = run(['env'], { env })
  t.match(await shown.ended, { code: 0, signal: null, failure: '' })
  for (const line of ['GREETING=hello  you', 'log.level=a=b']) t.ok(shown.lines.includes(line), line)
  t.notOk(
    shown.lines.some((line) => line.startsWith('HOME=')),
    'nothing of ours',
  )

  const other = run('pwd -P; cat; touch "$1 $2"', { folder, name: 'other' })
  t.equal((await other.ended).code, 0)
  t.ok(other.lines[0].endsWith(folder.split('/').at(-1)!))
  t.ok(existsSync(join(folder, ' ')))
  t.equal(other.starts.length, 1)
  t.ok(other.process.pid > 0)
  t.type(processes.limitsReason, 'string')
})

t.test('arguments are handed on as they are', async (t) => {
  const { run } = bound(await ProcessScene.start(t))
  const words = ['', ' a  b ', '*', '$HOME', '-n', '"', "'", 'x\ny']
  const script = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))'
  const subject = run([process.execPath, '-e', script, '--', ...words], { env: {} })
  await subject.ended
  t.strictSame(JSON.parse(subject.lines[0]), words)
})

t.test('what it writes becomes lines of its name, and the last of them are kept', async (t) => {
  const { run } = bound(await ProcessScene.start(t))
  const subject = run(String.raw`printf 'one\ntwo' ; printf 'three\r\n' >&2; exit 3`)
  const end = await subject.ended
  t.match(end, { code: 3, signal: null, failure: '' })
  t.strictSame(subject.lines.toSorted(), ['one', 'three', 'two'])
  t.strictSame(end.lastLines.toSorted(), ['one', 'three', 'two'])

  const many = run(
    'i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo "line $i"; done; printf "\\033[31mlast\\n\\n"',
    {
      name: 'many',
    },
  )
  const { lastLines } = await many.ended
  t.equal(many.lines.length, 52)
  t.strictSame(lastLines, [...Array.from({ length: 18 }, (_, i) => `line ${i + 33}`), 'last'])
})

t.test('why a process could not be started is said', async (t) => {
  const { run } = bound(await ProcessScene.start(t))
  const folder = folderOf(t)
  writeFileSync(join(folder, 'file'), 'text')
  const failureOf = async (...[command, more]: Parameters<typeof run>): Promise<string> => {
    const subject = run(command, { folder, ...more })
    const { failure } = await subject.ended
    t.equal((await subject.gone()).failure, failure)
    return failure
  }
  const env = { PATH: '/nowhere:' }
  t.equal(
    await failureOf(['no-such-program', 'x'], { env }),
    'its command "no-such-program" was not found in PATH, which is "/nowhere:"',
  )
  t.equal(await failureOf(['./missing']), `its command "./missing" does not exist in ${folder}`)
  t.equal(await failureOf(['./file']), `its command "./file" in ${folder} is not an executable file`)
  t.equal(await failureOf(['true'], { folder: '/no/such' }), 'its folder "/no/such" does not exist')
  t.equal(
    await failureOf(['true'], { folder: join(folder, 'file') }),
    `its folder "${folder}/file" is a file`,
  )
  t.match(await failureOf(['a\0b']), /^no process could be started for it: .*null bytes/)
  t.equal(await failureOf('exit 127'), '', 'it ran, and ended so itself')
})

t.test('a process that is stopped may end by itself', async (t) => {
  const { run } = bound(await ProcessScene.start(t))
  const subject = run(endsWith(4))
  await subject.says(/^up$/)
  const stopped = subject.process.stop()
  t.equal(subject.process.stop(), stopped, 'once')
  t.match(await within('it stopped', stopped), { code: 4, signal: null, lastLines: ['up', 'bye'] })
  await subject.ended
})

t.test('one that does not is killed when its grace is over, with what it started', async (t) => {
  const { run } = bound(await ProcessScene.start(t))
  const subject = run('trap "" TERM; sleep 1000 & echo "child $!"; wait', { graceMs: 100 })
  const [, pid] = await subject.says(/^child (\d+)$/)
  t.match(await within('it stopped', subject.process.stop()), { code: null, signal: 'SIGKILL' })
  t.notOk(isRunning(Number(pid)))
})

t.test('what a process leaves behind is ended, and its own end is told before that', async (t) => {
  const { run } = bound(await ProcessScene.start(t))
  // It ignores SIGTERM, and keeps the output open.
  const subject = run(
    '(trap "" TERM; echo "left ready"; exec sleep 1000) & echo "left $!"; wait $!; exit 5',
    {
      graceMs: 300,
    },
  )
  const [, pid] = await subject.says(/^left (\d+)$/)
  await subject.says(/^left ready$/)
  subject.process.kill()
  await subject.gone()
  t.notOk(isRunning(Number(pid)))

  const ended = run('(trap "" TERM; echo ready; exec sleep 1000) & echo "left $!"; exit 5', {
    graceMs: 300,
    name: 'b',
  })
  const [, left] = await ended.says(/^left (\d+)$/)
  t.equal((await ended.ended).code, 5)
  t.equal((await ended.gone()).code, 5)
  t.notOk(isRunning(Number(left)))
})

t.test('one that is stopped before it was let go does not run', async (t) => {
  const { run } = bound(await ProcessScene.start(t))
  const folder = folderOf(t)
  for (const how of ['stop', 'kill'] as const) {
    const subject = run('touch ran', { folder })
    void subject.process[how]()
    t.match(await subject.gone(), { code: null, failure: '' })
    t.strictSame(subject.starts, [])
  }
  t.notOk(existsSync(join(folder, 'ran')))
})

t.test('it announces that it is up', async (t) => {
  const scene = await ProcessScene.start(t)
  const subject = scene.run(`echo '{"main":8012}' >&3; echo '{"ready":true}' >&3; sleep 1000`, {
    announces: true,
  })
  await until('it announced', () => subject.announced.length > 1)
  t.strictSame(subject.announced, [{ main: 8012 }, { ready: true }])

  for (const [script, problem] of [
    ['echo "{x" >&3', /^What bad announced cannot be used: .*JSON/],
    [`for i in $(seq 16); do echo '"' >&3; done`, /^What bad announced cannot be used: .*JSON/],
    [
      'head -c 70000 /dev/zero | tr "\\0" x >&3',
      /^What bad announced cannot be used: it has no end after 65536 characters/,
    ],
  ] as const) {
    const bad = scene.run(script, { announces: true, name: 'bad' })
    await bad.gone()
    t.strictSame(bad.announced, [])
    t.match(scene.log.lines.at(-1)!.message, problem)
  }
  const silent = scene.run('exit 0', { announces: true })
  await silent.gone()
  t.strictSame(silent.announced, [])
  t.equal(scene.log.lines.length, 3)
})

t.test('a lifeline is an input that stays open', async (t) => {
  const { run } = bound(await ProcessScene.start(t))
  const subject = run('echo up; cat; echo over', { hasLifeline: true })
  await subject.says(/^up$/)
  t.match(await subject.process.stop(), { signal: 'SIGTERM', lastLines: ['up'] })
})

t.test('close stops everything and waits for it; nothing starts after it', async (t) => {
  const scene = await ProcessScene.start(t)
  const one = scene.run(endsWith(0), {
    name: 'one',
  })
  const two = scene.run('trap "" TERM; echo up; while :; do sleep 0.01; done', { name: 'two', graceMs: 50 })
  await Promise.all([one.says(/^up$/), two.says(/^up$/)])
  await within('it is closed', scene.processes.close())
  t.match(await one.ended, { code: 0, lastLines: ['up', 'bye'] })
  t.match(await two.ended, { signal: 'SIGKILL' })

  const late = scene.run('echo ran', { name: 'late' })
  t.match(await late.gone(), { code: null, signal: 'SIGKILL' })
  t.strictSame(late.lines, [])
})

t.test('destroy kills everything at once', async (t) => {
  const scene = await ProcessScene.start(t)
  const subject = scene.run('trap "" TERM; sleep 1000 & echo "child $!"; wait')
  const [, pid] = await subject.says(/^child (\d+)$/)
  scene.processes.destroy()
  t.match(await subject.gone(), { signal: 'SIGKILL' })
  t.notOk(isRunning(Number(pid)))
})

t.test('a probe is a command that has to end with 0 in time', async (t) => {
  const scene = await ProcessScene.start(t)
  const env = { PATH: process.env['PATH']!, ANSWER: '42' }
  const folder = folderOf(t)
  const probe = (script: string, timeoutMs = 15_000) =>
    scene.processes.probe({ command: ['sh', '-c', script], folder, env, timeoutMs })
  t.strictSame(await probe('echo fine; test "$ANSWER" = 42'), { ok: true, detail: '' })
  t.strictSame(await probe('echo one; echo not yet >&2; exit 3'), {
    ok: false,
    detail: '"sh" ended with exit code 3: not yet',
  })
  t.strictSame(await probe('kill -9 $$'), { ok: false, detail: '"sh" was ended by SIGKILL' })
  t.strictSame(await probe('sleep 1000 & echo $! >pid; wait', 200), {
    ok: false,
    detail: '"sh" did not end within 0.2 s',
  })
  t.match(await scene.processes.probe({ command: ['no-such-program'], folder, env, timeoutMs: 15_000 }), {
    ok: false,
    detail: /^its command "no-such-program" was not found in PATH/,
  })
  t.strictSame(scene.written, [], 'what probes write is not shown')
})

/** A command that says bye when it is told to end, and ends so. */
function endsWith(code: number): readonly string[] {
  const script = `process.on('SIGTERM', () => { console.log('bye'); process.exit(${code}) }); console.log('up'); setInterval(() => {}, 1000)`
  return [process.execPath, '-e', script]
}

/** Methods that can be taken apart. */
function bound(scene: ProcessScene) {
  return { processes: scene.processes, run: scene.run.bind(scene) }
}
