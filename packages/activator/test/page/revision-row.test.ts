import t from 'tap'
import { linkText, vitalsOf } from '../../src/admin/page/vitals.js'
import { BOXES_MAX, isMatch, rowOf } from '../../src/admin/page/revision-row.js'
import { coldStart, instance, NOW, report, revision } from './reports.ts'

const plain = (text: string): string => text.replaceAll('\u00a0', ' ')

t.test('a revision in words', async (t) => {
  const row = rowOf(
    revision('hello-00002', {
      state: 'ready',
      wanted: 3,
      isPanicking: true,
      instances: [instance('one', { running: 3 }), instance('two', { state: 'starting', ageMs: null })],
      running: 3,
      held: 2,
      heldBytes: 2_048,
      oldestHeldMs: 1_500,
      requestsPerSecond: 12.4,
      errorsPerSecond: 0.5,
      latency: { count: 100, p50: 4, p90: 20, p99: 1_000, max: 2_000 },
      lastColdStart: coldStart('1'),
    }),
    true,
  )
  t.strictSame(
    [row.key, row.name, row.service, row.stateText, row.instances, row.slots, row.held, row.requests],
    [
      'default/hello-00002',
      'hello-00002',
      'hello in default',
      'Ready',
      '1 of 2 ready',
      '3 of 20 slots',
      '2',
      '12',
    ],
  )
  t.strictSame([row.oldest, row.errors, ...row.latency].map(plain), [
    'oldest 1.5 s',
    '0.5 errors/s',
    '4 ms',
    '20 ms',
    '1 s',
  ])
  t.strictSame(
    row.facts.map(([label, text]) => `${label}: ${plain(text)}`),
    [
      'Instances: 2 exist, 3 wanted, panic mode',
      'Concurrency: 10 per instance',
      'Running: 3 requests',
      'Held: 2 requests, 2 KiB',
      'Slowest: 2 s of 100 requests',
      'Cold start: App start took 1.19 s of 1.39 s.',
    ],
  )
})

t.test('slots are boxes up to a count, then a number', async (t) => {
  const { instanceRows } = rowOf(
    revision('hello-00001', {
      instances: [
        instance('a', { slots: BOXES_MAX, running: BOXES_MAX + 3 }),
        instance('b', { slots: BOXES_MAX + 1, running: 7 }),
        instance('c', { slots: 0, running: 7 }),
        instance('', { address: '' }),
      ],
    }),
    true,
  )
  t.strictSame(
    instanceRows.map(({ key, boxes, used, load }) => [key, boxes, used, load]),
    [
      ['a', BOXES_MAX, BOXES_MAX, '27 of 24'],
      ['b', 0, 0, '7 of 25'],
      ['c', 0, 0, '7, no limit'],
      ['#3', 10, 0, '0 of 10'],
    ],
  )
})

t.test('without a connection nothing that changes is shown', async (t) => {
  const row = rowOf(revision('hello-00001', { state: 'ready', held: 4, instances: [instance('a')] }), false)
  t.strictSame(
    [row.state, row.instances, row.held, row.oldest, row.requests, row.instanceRows.length, row.name],
    ['unknown', '–', '–', '', '–', 0, 'hello-00001'],
  )
  t.strictSame(
    vitalsOf(report(), false).filter(([, text]) => text !== '–'),
    [
      ['Platform', 'local'],
      ['Version', '0.1.0'],
    ],
  )
  t.equal(plain(linkText({ state: 'lost', since: NOW }, NOW + 12_345)), 'Not connected for 12 s; retrying')
})

t.test('a filter has words of names, hosts and states', async (t) => {
  const hello = revision('hello-00001', { state: 'ready' })
  for (const text of ['', ' ', 'HELLO', 'default.local', 'ready', 'rea hello', '00001'])
    t.ok(isMatch(hello, text), text)
  for (const text of ['other', 'zero', 'hello zero', 'eady']) t.notOk(isMatch(hello, text), text)
})
