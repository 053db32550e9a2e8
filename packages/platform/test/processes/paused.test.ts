import t from 'tap'
import { PROCESS_CLOCK } from '../../src/clock.ts'
import { OutputLines } from '../../src/local/processes/output-lines.ts'
import { Processes } from '../../src/local/processes/processes.ts'
import { KeptLog } from '../support/kept-log.ts'
import { keepAlive, within } from '../support/within.ts'
import { SPEC } from './process-scene.ts'

t.test('an app goes on while nobody reads its output', async (t) => {
  keepAlive(t)
  let taken = 0
  // The first write never ends.
  const sink = {
    write: (text: string) => {
      taken += text.length
      return false
    },
    on: () => {},
  }
  const processes = await Processes.start({
    output: new OutputLines(sink),
    clock: PROCESS_CLOCK,
    log: new KeptLog(),
  })
  t.teardown(() => processes.destroy())
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const script =
    'for (let i = 0; i < 10000; i++) process.stdout.write("x".repeat(1023) + "\\n"); console.log("done")'
  processes.run(
    { ...SPEC, command: [process.execPath, '-e', script] },
    { onStarted() {}, onAnnounced() {}, onEnded: resolve },
  )
  const end = (await within('it ended', promise)) as { code: number; lastLines: string[] }
  t.equal(end.code, 0)
  t.equal(end.lastLines.at(-1), 'done')
  t.ok(taken < 1024 * 1024)
  await within('it closed although nobody takes the rest', processes.close())
})
