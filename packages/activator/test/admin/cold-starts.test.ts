import { Holding } from '@pilotlight/admission'
import type { ColdStartRecord, RequestTimeline } from '@pilotlight/telemetry'
import t, { type Test } from 'tap'
import { Admin } from '../../src/admin/admin.ts'
import type { ColdStartSource } from '../../src/admin/cold-start-source.ts'
import { Health } from '../../src/health.ts'
import type { RevisionsOwner } from '../../src/revisions.ts'
import { Revisions } from '../../src/revisions.ts'
import { type Answer, send } from '../support/scene.ts'
import { until } from '../support/within.ts'
import { EventStream } from './event-stream.ts'

const LIMITS = { weight: 1, runningMax: Infinity, heldMax: Infinity, heldBytesMax: Infinity }

/** Cold starts that a test tells of. */
class ToldColdStarts implements ColdStartSource {
  last: ColdStartRecord[] = []
  onRecord: (record: ColdStartRecord) => void = () => {}

  tell(record: ColdStartRecord): void {
    this.last = [record, ...this.last]
    this.onRecord(record)
  }

  find(requestId: string): RequestTimeline | null {
    const coldStart = this.last.find((one) => one.requestId === requestId)
    if (coldStart === undefined) return null
    return {
      requestId,
      coldStart,
      arrivedMs: 0,
      dispatchedMs: 60,
      firstByteMs: 70,
      doneMs: 80,
      status: 200,
      instance: coldStart.instance,
    }
  }

  lastOf(): ColdStartRecord | null {
    return this.last[0] ?? null
  }
}

function record(id: string, requestId: string): ColdStartRecord {
  return {
    id,
    namespace: 'default',
    revision: 'hello-00001',
    instance: 'hello-00001-x7k2p',
    requestId,
    startedAt: '2026-01-01T00:00:00.000Z',
    steps: {
      queued: 0,
      woken: 1,
      scheduled: 2,
      'process-started': 10,
      listening: 40,
      ready: 50,
      dispatched: 60,
      'first-byte': 70,
    },
    totalMs: 70,
    requests: 1,
    outcome: 'served',
    reason: '',
  }
}

async function start(t: Test): Promise<{ coldStarts: ToldColdStarts; port: number }> {
  const coldStarts = new ToldColdStarts()
  const holding = new Holding({ heldMax: 1, heldBytesMax: 1 }, LIMITS)
  const admin = new Admin(
    { host: '127.0.0.1', port: 0, hasPage: false },
    {
      platform: 'told',
      revisions: new Revisions({} as RevisionsOwner, holding),
      holding,
      health: new Health(),
      coldStarts,
    },
  )
  await admin.open()
  t.teardown(() => admin.close())
  return { coldStarts, port: admin.port }
}

function get(port: number, path: string): Promise<Answer> {
  return send(port, { path }).answer
}

t.test('cold starts are told, the newest first', async (t) => {
  const { coldStarts, port } = await start(t)
  const none = await get(port, '/cold-starts/last')
  t.strictSame([none.status, JSON.parse(none.body)], [404, { message: 'there was no cold start yet' }])
  t.strictSame(JSON.parse((await get(port, '/cold-starts')).body), [])
  const [first, second] = [record('1', 'a'), record('2', 'b')]
  coldStarts.tell(first)
  coldStarts.tell(second)
  t.strictSame(JSON.parse((await get(port, '/cold-starts')).body), [second, first])
  t.strictSame(JSON.parse((await get(port, '/cold-starts/last')).body), second)
  t.match(JSON.parse((await get(port, '/status')).body), { coldStarts: [{ id: '2' }, { id: '1' }] })
})

t.test('a request is found by its id, whatever is in it', async (t) => {
  const { coldStarts, port } = await start(t)
  coldStarts.tell(record('1', 'a/b ü?'))
  const found = await get(port, `/requests/${encodeURIComponent('a/b ü?')}`)
  t.match(JSON.parse(found.body), { requestId: 'a/b ü?', coldStart: { id: '1' }, status: 200 })
  const unknown = await get(port, '/requests/c')
  t.equal(unknown.status, 404)
  t.match(JSON.parse(unknown.body), { message: /^nothing is known of the request "c": there was none/ })
  const broken = await get(port, '/requests/%e4')
  t.equal(broken.status, 400)
  t.match(JSON.parse(broken.body), { message: /^%e4 is no percent-encoded id/ })
})

t.test('watchers are told of each one when it is over, and the next status has it', async (t) => {
  const { coldStarts, port } = await start(t)
  coldStarts.tell(record('0', 'before'))
  const stream = await EventStream.open(t, port)
  await until('the first status', () => stream.statuses.length > 0)
  coldStarts.tell(record('1', 'a'))
  coldStarts.tell(record('2', 'b'))
  await stream.status('a status with both', (report) => report.coldStarts.length === 3)
  t.strictSame(
    stream.events.map(({ name }) => name),
    ['status', 'cold-start', 'cold-start', 'status'],
  )
  t.strictSame(stream.coldStarts, [record('1', 'a'), record('2', 'b')])
})
