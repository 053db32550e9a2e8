// Becomes ready by the sidecar at argv[2], closes, and has then nothing left that keeps it running.
import { PROCESS_CLOCK } from '../../src/clock.ts'
import { InstanceHealth } from '../../src/local/health/instance-health.ts'
import { containerOf, probeOf } from '../support/health-scene.ts'

// Until then the sockets of the process would: here there are none while it waits to ask.
const running = setInterval(() => {}, 1000)
const tcp = probeOf({ action: { kind: 'tcpSocket', host: '', port: process.argv[2].split(':')[1] } })
const health = new InstanceHealth({
  containers: [containerOf({ readiness: tcp, liveness: tcp })],
  appPort: 0,
  clock: PROCESS_CLOCK,
  exec: () => Promise.resolve({ ok: true, detail: '' }),
  events: {
    onReady: () => {
      process.stdout.write('ready\n')
      health.close()
      clearInterval(running)
    },
    onNotReady: () => {},
    onUnhealthy: () => {},
  },
})
health.onSidecar(process.argv[2])
