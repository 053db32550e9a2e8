import t from 'tap'
import { IdleBudget } from '../src/idle-budget.ts'
import { answering, Origin, response } from './support/origin.ts'
import { get, Rig } from './support/rig.ts'
import { until } from './support/within.ts'

t.test('endpoints keep no more idle connections together than their budget', async (t) => {
  const budget = new IdleBudget(1)
  const serve = answering(() => response('ok'))
  const other = await Origin.start(t, serve)
  const targets: Rig['endpoint'][] = []
  const rig = await Rig.start(t, {
    serve,
    pool: { budget },
    onRequest: (exchange) => exchange.forward(targets.shift()!),
  })
  const second = rig.endpointTo(other.port)
  const client = await rig.connect()
  for (const target of [rig.endpoint, second, rig.endpoint]) {
    targets.push(target)
    client.sends(get())
    t.equal((await client.readsMessage()).body, 'ok')
    t.strictSame([rig.endpoint.idleConnections, second.idleConnections, budget.used], [1, 0, 1])
  }
  t.equal(rig.origin.accepted.count, 1, 'the one that is kept is used again')

  rig.endpoint.close()
  t.equal(budget.used, 0, 'what is closed is given back')
  await until('it is closed', () => rig.endpoint.openConnections === 0)
  t.equal(budget.used, 0, 'once')
})

t.test('a connection beyond the budget is closed after its exchange', async (t) => {
  const budget = new IdleBudget(0)
  const rig = await Rig.start(t, { serve: answering(() => response('ok')), pool: { budget } })
  const client = await rig.connect()
  for (let i = 0; i < 3; i++) {
    client.sends(get())
    t.equal((await client.readsMessage()).body, 'ok')
  }
  t.equal(rig.origin.accepted.count, 3)
  t.equal(budget.used, 0)
})
