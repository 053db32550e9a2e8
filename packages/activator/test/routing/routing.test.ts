import fc from 'fast-check'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { goDurationMs } from '../../src/go-duration.ts'
import { clusterDomain } from '../../src/routing/cluster-domain.ts'
import { inClusterRevision } from '../../src/routing/in-cluster-host.ts'
import { privateServiceName } from '../../src/routing/private-service.ts'
import { RouteTable, TrafficSplit } from '../../src/routing/route-table.ts'
import { shareOf } from '../../src/routing/traffic-share.ts'
import { urgencyOf } from '../../src/caller.ts'

t.test('shares of request ids are even, and the same for the same id', async () => {
  const buckets = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 10_000; i++) {
    const share = shareOf(`request-${i}`)
    if (share !== shareOf(`request-${i}`)) throw new Error('it differs')
    buckets[Math.floor(share * 10)]++
  }
  for (const count of buckets)
    if (count < 850 || count > 1150) throw new Error(`not even: ${buckets.join(', ')}`)
})

t.test('any run of requests without an id keeps the shares within one request and a little', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 500 }), (percent, count) => {
      const split = new TrafficSplit([
        { revision: 'a', percent, tag: '' },
        { revision: 'b', percent: 100 - percent, tag: '' },
      ])
      let hits = 0
      for (let i = 0; i < count; i++) if (split.choose('', '') === 'a') hits++
      if (Math.abs(hits - (count * percent) / 100) > 4)
        throw new Error(`${hits} of ${count} for ${percent} percent`)
    }),
  )
})

t.test('a tag chooses its target, one that is not there does not', async (t) => {
  const split = new TrafficSplit([
    { revision: 'a', percent: 100, tag: '' },
    { revision: 'b', percent: 0, tag: 'next' },
  ])
  t.equal(split.choose('next', ''), 'b')
  t.equal(split.choose('other', 'id'), 'a')
  t.equal(new TrafficSplit([{ revision: 'a', percent: 0, tag: 'x' }]).choose('', ''), '', 'tags only')
})

t.test('an exact host wins over a wildcard, and the longest wildcard over shorter ones', async (t) => {
  const to = (revision: string) => [{ revision, percent: 100, tag: 'tag' }]
  const table = new RouteTable([
    { namespace: 'n', hosts: ['*.example.com'], traffic: to('wide') },
    { namespace: 'n', hosts: ['*.b.example.com'], traffic: to('narrow') },
    { namespace: 'n', hosts: ['a.b.example.com', 'tag-c.example.com'], traffic: to('exact') },
    { namespace: 'n', hosts: ['c.example.com'], traffic: to('c') },
  ])
  const leads = (host: string) => table.find(host)?.split.choose('', 'x') ?? null
  t.equal(leads('a.b.example.com'), 'exact')
  t.equal(leads('x.b.example.com'), 'narrow')
  t.equal(leads('x.y.example.com:80'), 'wide')
  t.equal(leads('example.com'), null)
  t.equal(leads('tag-c.example.com'), 'exact', 'a name of its own is not taken by a tag')
  t.equal(table.find('tag-a.b.example.com')?.tagged, 'exact')
  t.equal(leads(''), null)
})

t.test('only a host of the cluster names a revision', async (t) => {
  const domain = 'cluster.local'
  t.strictSame(inClusterRevision('r.n.svc.cluster.local', domain), { name: 'r', namespace: 'n' })
  t.strictSame(inClusterRevision('r.n.svc.cluster.local:8080', domain), { name: 'r', namespace: 'n' })
  for (const host of [
    '',
    'r',
    'r.n',
    'r.n.svc',
    'r.n.svc.',
    'r.n.svc.cluster.local.',
    'r.n.svcs.cluster.local',
  ])
    t.equal(inClusterRevision(host, domain), null, host)
})

t.test('the domain of the cluster stands in the resolver file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'resolv.conf')
  writeFileSync(file, 'nameserver 1.2.3.4\nsearch ns.svc.my.domain svc.my.domain. my.domain\n')
  t.equal(clusterDomain('', file), 'my.domain')
  t.equal(clusterDomain('other', file), 'other')
  t.equal(clusterDomain('', join(folder, 'none')), 'cluster.local')
})

t.test('the private service has the name Knative gives it', async (t) => {
  t.equal(privateServiceName('hello-00001'), 'hello-00001-private')
  t.equal(privateServiceName('x'.repeat(55)), `${'x'.repeat(55)}-private`)
  const long = privateServiceName('x'.repeat(56))
  t.match(long, /^x{23}[0-9a-f]{32}-private$/)
  t.equal(long.length, 63)
})

t.test('durations are read as Go reads them', async (t) => {
  for (const [text, ms] of [
    ['300ms', 300],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['0', 0],
    ['2us', 0.002],
  ] as const)
    t.equal(goDurationMs(text), ms, text)
  for (const text of ['', '5', '-1s', '1d', 's', '1s '] as const) t.ok(Number.isNaN(goDurationMs(text)), text)
})

t.test('an urgency is read from its field, and what cannot be read has the default', async (t) => {
  for (const [field, urgency] of [
    ['', 3],
    ['u=0', 0],
    ['i, u=7', 7],
    ['u=5;x=1', 5],
    ['u=1, u=2', 2],
    ['u=8', 3],
    ['u=-1', 3],
    ['u=1.5', 3],
    ['urgency=1', 3],
    ['nonsense', 3],
  ] as const)
    t.equal(urgencyOf(field), urgency, field)
})
