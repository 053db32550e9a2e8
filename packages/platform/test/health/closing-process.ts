// Becomes ready by the sidecar at argv[2], closes, and has then nothing left that keeps it running.
import { PROCESS_CLOCK } from '../../src/clock.ts'
import { InstanceHealth } from '../../src/local/health/instance-health.ts'
import { containerOf, probeOf } from '../support/health-scene.ts'

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
    },
    onNotReady: () => {},
    onUnhealthy: () => {},
  },
})
health.onSidecar(process.argv[2])
