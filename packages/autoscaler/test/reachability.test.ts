import t from 'tap'
import { reachabilityOf, type RevisionHealth } from '../src/reachability.ts'

const healthy: RevisionHealth = { routing: 'active', hasFailed: false, replicas: 1, readyPods: 0 }

t.test('reachability is that of the routes', async (t) => {
  t.equal(reachabilityOf(healthy), 'reachable')
  t.equal(reachabilityOf({ ...healthy, routing: 'reserve' }), 'unreachable')
  t.equal(reachabilityOf({ ...healthy, routing: 'pending' }), 'unknown')
})

t.test(
  'a revision that fails to start is unreachable, as long as it has no ready pod and should have',
  async (t) => {
    const failed = { ...healthy, hasFailed: true }
    t.equal(reachabilityOf(failed), 'unreachable')
    t.equal(reachabilityOf({ ...failed, routing: 'pending' }), 'unreachable')
    t.equal(reachabilityOf({ ...failed, readyPods: 1 }), 'reachable')
    t.equal(reachabilityOf({ ...failed, replicas: 0 }), 'reachable')
  },
)
