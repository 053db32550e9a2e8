import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { until, within } from '../support/within.ts'
import { EventStream } from './event-stream.ts'

/** A program with nothing but an admin port, and standard input that keeps it alive. */
const PROGRAM = `
import { Holding } from '@pilotlight/admission'
import { Admin } from './src/admin/admin.ts'
import { Health } from './src/health.ts'
import { Revisions } from './src/revisions.ts'

const holding = new Holding({ heldMax: 1, heldBytesMax: 1 }, { weight: 1, runningMax: 1, heldMax: 1, heldBytesMax: 1 })
const coldStarts = { last: [], find: () => null, lastOf: () => null, onRecord() {} }
const parts = { platform: 'none', revisions: new Revisions({}, holding), holding, health: new Health(), coldStarts }
const admin = new Admin({ host: '127.0.0.1', port: 0, hasPage: false }, parts)
await admin.open()
console.log(admin.port)
process.stdin.resume()
`

t.test('neither the port nor those who watch keep the process alive', async (t) => {
  const child = spawn(
    process.execPath,
    ['--conditions=@pilotlight/source', '--input-type=module', '--eval', PROGRAM],
    { cwd: new URL('../..', import.meta.url), env: { PATH: process.env['PATH'] } },
  )
  t.teardown(() => child.kill('SIGKILL'))
  const exit = once(child, 'exit')
  child.stderr.pipe(process.stderr)
  const [line] = (await within('it says its port', once(child.stdout, 'data'))) as [Buffer]
  const stream = await EventStream.open(t, Number(line.toString()))
  await until('the first status', () => stream.statuses.length > 0)
  child.stdin.end()
  t.strictSame(await within('it ends by itself', exit), [0, null])
})
