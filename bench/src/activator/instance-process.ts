/** An instance that is always ready and answers at once, in a process of its own; it counts what it served. */
import { serveControl } from '../process/control.ts'
import { Instance } from './instance.ts'
import type { ServedCount, ServedPorts } from './served-instance.ts'

let served = 0
const instance = await Instance.start({
  onProbe: (connection) => connection.answerReady(),
  onRequest(connection) {
    served++
    connection.answer()
  },
})
const control = await serveControl((): ServedCount => ({
  served,
  atNanos: Number(process.hrtime.bigint()),
}))
const ports: ServedPorts = { port: instance.port, control }
process.stdout.write(`${JSON.stringify(ports)}\n`)
