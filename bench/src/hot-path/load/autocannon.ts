/**
 * autocannon in a process of its own. Its report knows whole milliseconds only, so the latencies come from its
 * `response` events, which carry fractions.
 */
import autocannon from 'autocannon'
import { UPLOAD_BYTES } from '../cases.ts'
import type { LoadOrder } from './driver.ts'
import { LatencyRecorder } from './latency.ts'

const order = JSON.parse(process.argv[2]) as LoadOrder
const latency = new LatencyRecorder(order.warmupSeconds)

const run = autocannon(
  {
    url: `http://127.0.0.1:${order.port}${order.shape.path}`,
    connections: order.connections,
    duration: order.seconds,
    sampleInt: 100,
    timeout: 10,
    ...(order.shape.upload === 'none'
      ? { method: 'GET' }
      : { method: 'POST', body: 'x'.repeat(UPLOAD_BYTES) }),
  },
  (error, result) => {
    if (error !== null) throw error
    const { errors, timeouts, non2xx, mismatches } = result
    const complaint = `${errors} errors, ${timeouts} timeouts, ${non2xx} non-2xx`
    process.stdout.write(JSON.stringify(latency.result(errors + timeouts + non2xx + mismatches, complaint)))
  },
)
process.on('SIGTERM', () => run.stop())
run.on('response', (_client, _status, _bytes, millis) => latency.record(millis))
