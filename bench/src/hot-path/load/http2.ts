/** M streams at a time on each of N `node:http2` sessions, with prior knowledge. */
import { connect, type ClientHttp2Session } from 'node:http2'
import type { LoadOrder } from './driver.ts'
import { LatencyRecorder } from './latency.ts'

const order = JSON.parse(process.argv[2]) as LoadOrder
const latency = new LatencyRecorder(order.warmupSeconds)
const sessions: ClientHttp2Session[] = []
let errors = 0
let isOver = false

function ask(session: ClientHttp2Session): void {
  const sentAt = performance.now()
  const stream = session.request({ ':path': order.shape.path })
  let status = 0
  stream.on('response', (headers) => {
    status = headers[':status'] ?? 0
  })
  stream.on('error', () => {})
  stream.on('close', () => {
    if (isOver) return
    if (status === 200) latency.record(performance.now() - sentAt)
    else errors++
    if (!session.closed && !session.destroyed) ask(session)
  })
  stream.resume()
}

for (let i = 0; i < order.connections; i++) {
  const session = connect(`http://127.0.0.1:${order.port}`)
  session.on('error', () => {
    if (!isOver) errors++
  })
  for (let n = 0; n < order.shape.streams; n++) ask(session)
  sessions.push(session)
}
function finish(): void {
  clearTimeout(timer)
  isOver = true
  for (const session of sessions) session.destroy()
  process.stdout.write(JSON.stringify(latency.result(errors, `${errors} sessions or answers broken`)))
}

const timer = setTimeout(finish, order.seconds * 1000)
process.on('SIGTERM', finish)
