import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { launch, letGo } from '../../src/local/processes/launch.ts'
import { Watchdog, WATCHDOG_SCRIPT } from '../../src/local/processes/watchdog.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { folderOf } from '../support/folder.ts'
import { KeptLog } from '../support/kept-log.ts'
import { keepAlive, until, within } from '../support/within.ts'
import { isRunning, SPEC } from './process-scene.ts'

const PARENT = join(import.meta.dirname, 'doomed-parent.ts')

/** A process in a group of its own that ends with the test. */
function startGroup(t: Test, script: string): number {
  const child = spawn('sh', ['-c', script], { stdio: 'ignore', detached: true })
  t.teardown(() => killGroup(child.pid!))
  return child.pid!
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** What a process started; nothing where there is no `ps`. */
function childrenOf(parent: number): number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
  return (stdout ?? '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, ppid]) => ppid === parent)
    .map(([pid]) => pid)
}

/** Whether SIGTERM has no effect on it, which only Linux tells. */
function ignoresTermination(pid: number): boolean {
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]
  return (BigInt(`0x${mask}`) & (1n << BigInt(constants.signals.SIGTERM - 1))) !== 0n
}

t.test('nothing outlives a parent that is killed', async (t) => {
  const parent = spawn(process.execPath, ['--conditions=@pilotlight/source', PARENT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => parent.kill('SIGKILL'))
  let said = ''
  parent.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const pids = (): number[] => Array.from(said.matchAll(/pid (\d+)\s/g), ([, pid]) => Number(pid))
  await until('everything runs', () => pids().length === 4)
  const children = childrenOf(parent.pid!)
  t.ok(children.length === 0 || children.length === 4, 'three apps and the watchdog, where that can be asked')
  const all = [...pids(), ...children]
  for (const pid of all) {
    t.teardown(() => isRunning(pid) && process.kill(pid, 'SIGKILL'))
    t.ok(isRunning(pid))
  }
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  await until('nothing of it runs', () => !all.some(isRunning))
  t.match(said, /\[family\] pid/)
})

t.test('what is held when its parent dies never runs', async (t) => {
  keepAlive(t)
  const folder = folderOf(t)
  const spec = { ...SPEC, command: ['touch', 'ran'], folder }
  const held = launch(spec)
  const ended = once(held, 'exit')
  // As the kernel does for a process that dies.
  held.stdin!.destroy()
  t.not((await within('it ended', ended))[0], 0)
  t.notOk(existsSync(join(folder, 'ran')))
  const child = launch(spec)
  letGo(child, false)
  await within('it ended', once(child, 'exit'))
  t.ok(existsSync(join(folder, 'ran')))
})

for (const shell of ['sh', 'dash', 'bash', 'busybox ash', 'ksh', 'mksh'])
  t.test(`the watchdog ends groups under ${shell}`, async (t) => {
    const [program, ...args] = shell.split(' ')
    const found = spawnSync(program, [...args, '-c', 'exit 0'])
    if (found.status !== 0) {
      t.comment(`not tried: this machine has no ${shell}`)
      return
    }
    const scripts = ['exec sleep 1000', 'exec sleep 1000', 'trap "" TERM; exec sleep 1000', 'exec sleep 1000']
    const groups = scripts.map((script) => startGroup(t, script))
    const [first, second, third, fourth] = groups
    const watchdog = spawn(program, [...args, '-c', WATCHDOG_SCRIPT, shell, '5'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    t.teardown(() => watchdog.kill('SIGKILL'))
    const ended = once(watchdog, 'exit')
    watchdog.stdin.write(`+ ${first}\n+ ${second}\n+ ${third}\n- ${second}\n- 12345678\n`)
    if (process.platform === 'linux') {
      await until('it ignores signals', () => ignoresTermination(watchdog.pid!))
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) watchdog.kill(signal)
    }
    // A line that was cut off when we died is none.
    watchdog.stdin.end(`+ ${fourth}`)
    await within('the watchdog ended', ended)
    await until('the groups that it knew are gone', () => !isRunning(first) && !isRunning(third))
    t.strictSame([second, fourth].map(isRunning), [true, true])
  })

t.test('a watchdog that is killed is started again, and knows what the first one knew', async (t) => {
  keepAlive(t)
  const clock = new FakeClock()
  const log = new KeptLog()
  const watchdog = await Watchdog.start({ log, clock, orphanGraceMs: 500 })
  t.teardown(() => watchdog.close())
  const [kept, given] = [startGroup(t, 'exec sleep 1000'), startGroup(t, 'exec sleep 1000')]
  await watchdog.add(kept)
  await watchdog.add(given)
  watchdog.remove(given)
  const { pid } = watchdog
  clock.pass(5000)
  process.kill(pid, 'SIGKILL')
  await until('there is another one', () => watchdog.pid !== pid)
  t.match(log.lines, [{ level: 'warn', message: /started again/ }])
  await within('it closed', watchdog.close())
  await until('the group that it knew is gone', () => !isRunning(kept))
  t.ok(isRunning(given))
})

t.test('one that ends at once is not started for ever', async (t) => {
  keepAlive(t)
  const log = new KeptLog()
  const watchdog = await Watchdog.start({ log, clock: new FakeClock(), orphanGraceMs: 500 })
  process.kill(watchdog.pid, 'SIGKILL')
  await until('that was told', () => log.lines.length > 0)
  t.match(log.lines, [{ level: 'error', message: /If this process is killed now, they go on running/ }])
  await watchdog.add(4_000_000)
  watchdog.remove(4_000_000)
  await watchdog.close()
})
