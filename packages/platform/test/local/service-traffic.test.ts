import t from 'tap'
import { hostOf, routeOf } from '../../src/local/service-traffic.ts'
import type { TrafficEntry } from '../../src/manifest/manifest-set.ts'

const at = { file: 'a.yaml', line: 1 }
const traffic: TrafficEntry[] = [
  { revision: 'hello-00001', percent: 90, tag: '', at },
  { revision: '', percent: 10, tag: 'next', at },
]
const service = { namespace: 'shop', name: 'hello', traffic, latest: 'hello-00002' }

t.test('entries for the latest revision lead to whichever that is', async (t) => {
  t.strictSame(routeOf({ ...service, isAlone: false }), {
    namespace: 'shop',
    hosts: ['hello.shop.localhost'],
    traffic: [
      { revision: 'hello-00001', percent: 90, tag: '' },
      { revision: 'hello-00002', percent: 10, tag: 'next' },
    ],
  })
})

t.test('a service that is alone has every host', async (t) => {
  t.strictSame(routeOf({ ...service, isAlone: true }).hosts, ['hello.shop.localhost', '*'])
  t.equal(hostOf(service), 'hello.shop.localhost')
})
