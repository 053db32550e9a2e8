import t from 'tap'
import { mayUseEarly } from '../../src/local/health/may-use-early.ts'
import { containerOf, probeOf } from '../support/health-scene.ts'

const tcp = probeOf({ action: { kind: 'tcpSocket', host: '', port: '0' } })
const exec = probeOf()

t.test('requests may go ahead when only the sidecar says whether the app is ready', async (t) => {
  t.ok(mayUseEarly([containerOf()]))
  t.ok(mayUseEarly([containerOf({ readiness: tcp })]))
  t.ok(mayUseEarly([containerOf({ readiness: tcp, liveness: exec }), containerOf({ liveness: tcp })]))
})

t.test('requests wait for what the sidecar does not ask', async (t) => {
  t.notOk(mayUseEarly([containerOf({ readiness: exec })]))
  t.notOk(mayUseEarly([containerOf({ startup: tcp })]))
  t.notOk(mayUseEarly([containerOf(), containerOf({ startup: exec })]))
  t.notOk(mayUseEarly([containerOf(), containerOf({ readiness: tcp })]))
  t.notOk(mayUseEarly([containerOf(), containerOf({ readiness: exec })]))
})
