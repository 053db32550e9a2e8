import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ancestorsOf } from '../../src/local/processes/ancestors.ts'
import { type CgroupPlaces, Cgroups } from '../../src/local/processes/cgroups.ts'
import { folderOf } from '../support/folder.ts'
import { KeptLog } from '../support/kept-log.ts'

const skip = process.platform === 'linux' ? false : 'only Linux has cgroups'

/** What a cgroup of ours shows, and what is written to it. */
const OWN = {
  'cgroup.controllers': 'cpuset cpu io memory pids\n',
  'cgroup.subtree_control': '',
  'cgroup.procs': `${process.ppid}\n${process.pid}\n`,
}
const LIMITS = { cpu: 0.5, memoryBytes: 64 * 1024 * 1024 }

/**
 * Files as the kernel would show them, in a folder. What they cannot show is what the kernel does: it refuses what it does not allow, and
 * a cgroup has its files from the beginning.
 */
function fake(t: Test, files: Readonly<Record<string, string>>, membership = '0::/user/own\n') {
  const root = folderOf(t)
  const own = join(root, 'user/own')
  mkdirSync(own, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(own, name), text)
  const self = join(root, 'self')
  writeFileSync(self, membership)
  const log = new KeptLog()
  const removed: string[] = []
  const remove = async (folder: string): Promise<void> => {
    removed.push(folder)
    await rm(folder, { recursive: true })
  }
  return { own, log, removed, places: { root, self, log, remove } }
}

t.test('a process is put into a cgroup with its limits, which is removed after it', { skip }, async (t) => {
  const { own, places, removed, log } = fake(t, OWN)
  const cgroups = await Cgroups.find(places)
  t.equal(cgroups.reason, '')
  t.equal(readFileSync(join(own, 'cgroup.subtree_control'), 'utf8'), '+cpu +memory')
  t.equal(
    readFileSync(join(own, 'pilotlight/cgroup.procs'), 'utf8'),
    String(process.pid),
    'we went out of the way, the last one of those that were there',
  )

  const name = 'hello-00001-x/worker'
  const cgroup = (await cgroups.confine(1234, { name, limits: LIMITS }))!
  const [folder] = readdirSync(own).filter((entry) => entry.startsWith('hello-00001-x.worker-'))
  const read = (file: string): string => readFileSync(join(own, folder, file), 'utf8')
  t.equal(read('cpu.max'), '50000 100000')
  t.equal(read('memory.max'), '67108864')
  t.equal(read('memory.oom.group'), '1')
  t.equal(read('cgroup.procs'), '1234')
  t.equal(await cgroup.ranOutOfMemory(), false)
  writeFileSync(
    join(own, folder, 'memory.events'),
    'low 0\nhigh 0\nmax 9\noom 1\noom_kill 2\noom_group_kill 1\n',
  )
  t.equal(await cgroup.ranOutOfMemory(), true)
  await cgroup.remove()
  t.strictSame(removed, [join(own, folder)])

  await cgroups.confine(1235, { name: 'tiny', limits: { cpu: 0.0001, memoryBytes: null } })
  const [tiny] = readdirSync(own).filter((entry) => entry.startsWith('tiny-'))
  t.strictSame(readdirSync(join(own, tiny)).toSorted(), ['cgroup.procs', 'cpu.max'])
  t.equal(readFileSync(join(own, tiny, 'cpu.max'), 'utf8'), '1000 100000', 'the least there is')
  t.equal(await cgroups.confine(1236, { name: 'free', limits: { cpu: null, memoryBytes: null } }), null)
  t.strictSame(log.lines, [])
})

t.test('where controllers are handed on already nothing is moved', { skip }, async (t) => {
  const { own, places } = fake(t, {
    ...OWN,
    'cgroup.subtree_control': 'memory cpu\n',
    'cgroup.procs': '1\n',
  })
  t.equal((await Cgroups.find(places)).reason, '')
  t.strictSame(readdirSync(own).toSorted(), Object.keys(OWN).toSorted())
})

t.test('why there are no limits is one sentence', { skip }, async (t) => {
  const reasonOf = async (places: CgroupPlaces): Promise<string> => (await Cgroups.find(places)).reason
  const { places } = fake(t, OWN)
  t.equal(
    await reasonOf({ ...places, self: '/no/such/file' }),
    'CPU and memory limits have no effect here, because this system has no cgroups.',
  )
  t.match(await reasonOf(fake(t, OWN, '9:memory:/x\n1:name=systemd:/x\n').places), /no cgroups of version 2/)
  t.match(await reasonOf(fake(t, {}, '0::/user/own\n').places), /no cgroups of version 2/)
  t.match(
    await reasonOf(fake(t, { ...OWN, 'cgroup.controllers': 'cpu pids\n' }).places),
    /because the cgroup of this process has no memory controller\.$/,
  )
  const { 'cgroup.subtree_control': _control, ...missing } = OWN
  t.match(await reasonOf(fake(t, missing).places), /is not its own to change; `systemd-run --user --scope/)
  t.match(
    await reasonOf(fake(t, { ...OWN, 'cgroup.procs': '1\n999999999\n' }).places),
    /other processes are in/,
  )

  const { log } = places
  const cgroups = await Cgroups.find({ ...places, self: '/no/such/file' })
  t.equal(await cgroups.confine(1234, { name: 'hello', limits: LIMITS }), null)
  t.strictSame(log.lines, [], 'whoever reads the reason says it')
})

t.test('a process runs without limits when its cgroup cannot be made', { skip }, async (t) => {
  const { own, places, log } = fake(t, OWN)
  const cgroups = await Cgroups.find(places)
  await rm(own, { recursive: true })
  t.equal(await cgroups.confine(1234, { name: 'hello', limits: LIMITS }), null)
  t.match(log.lines, [
    { level: 'warn', message: 'hello runs without its limits: its cgroup cannot be made.' },
  ])
})

t.test('a cgroup that is still busy is tried again, and one that stays is told', { skip }, async (t) => {
  const { places, log } = fake(t, OWN)
  let tries = 0
  const busy = async (): Promise<void> => {
    tries++
    throw Object.assign(new Error('EBUSY: still there'), { code: 'EBUSY' })
  }
  const cgroups = await Cgroups.find({ ...places, remove: busy })
  const cgroup = (await cgroups.confine(1234, { name: 'hello', limits: LIMITS }))!
  await cgroup.remove()
  t.ok(tries > 1)
  t.match(log.lines, [{ message: 'A cgroup could not be removed.', fields: { error: 'EBUSY: still there' } }])
})

t.test('those that started a process, but not the shell of a terminal', { skip }, async (t) => {
  const proc = folderOf(t)
  const add = (pid: number, parent: number, session: number, terminal: number): void => {
    mkdirSync(join(proc, String(pid)))
    writeFileSync(
      join(proc, String(pid), 'stat'),
      `${pid} (a) b (c) S ${parent} ${pid} ${session} ${terminal} -1 0\n`,
    )
  }
  add(40, 30, 40, 0) // The activator has a session of its own.
  add(30, 20, 10, 34816)
  add(20, 10, 10, 34816)
  add(10, 1, 10, 34816) // The shell.
  add(1, 0, 1, 0)
  t.strictSame([...(await ancestorsOf(40, proc))], [40, 30, 20])
  add(9, 1, 1, 0)
  t.strictSame([...(await ancestorsOf(9, proc))], [9, 1], 'a container has no shell')
  t.strictSame([...(await ancestorsOf(7, proc))], [7])
})
