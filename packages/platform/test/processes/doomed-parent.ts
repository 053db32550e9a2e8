// Starts processes as the platform does, says which, and waits to be killed.
import { PROCESS_CLOCK } from '../../src/clock.ts'
import { OutputLines } from '../../src/local/processes/output-lines.ts'
import { Processes } from '../../src/local/processes/processes.ts'
import { KeptLog } from '../support/kept-log.ts'
import { SPEC } from './process-scene.ts'

const processes = await Processes.start({
  output: new OutputLines(process.stdout),
  clock: PROCESS_CLOCK,
  log: new KeptLog(),
  orphanGraceMs: 500,
})
const quiet = { onStarted: () => {}, onAnnounced: () => {}, onEnded: () => {} }
const run = (name: string, script: string, hasLifeline = false): void => {
  processes.run({ ...SPEC, name, command: ['sh', '-c', script], hasLifeline }, quiet)
}
run('family', 'sleep 1000 & echo "pid $$ pid $!"; wait')
run('stubborn', 'trap "" TERM; echo "pid $$"; while :; do sleep 1; done')
run('lifeline', 'trap "" TERM; echo "pid $$"; cat; echo over >"$OVER"', true)
setInterval(() => {}, 1000)
