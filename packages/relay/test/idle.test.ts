import t from 'tap'
import { h2App, h2Client } from './support/h2-harness.ts'
import { h2Request } from './support/h2-requests.ts'
import { answering, response } from './support/origin.ts'
import { get, Rig } from './support/rig.ts'
import { until } from './support/within.ts'

/** How often anything may fire while nothing happens, ms. */
const SECOND_MS = 1000

/** The timers that the code under test has set and that have not fired; what recurs says so. */
class Pending {
  readonly delays = new Map<unknown, number>()
  readonly #setTimeout = globalThis.setTimeout
  readonly #setInterval = globalThis.setInterval
  readonly #clearTimeout = globalThis.clearTimeout

  constructor() {
    const { delays } = this
    const setReal = this.#setTimeout
    const replaced = (then: () => void, ms = 0): NodeJS.Timeout => {
      const timer = setReal(() => {
        delays.delete(timer)
        then()
      }, ms)
      delays.set(timer, ms)
      return timer
    }
    globalThis.setTimeout = replaced as never
    globalThis.clearTimeout = ((timer: NodeJS.Timeout) => {
      delays.delete(timer)
      this.#clearTimeout(timer)
    }) as never
    globalThis.setInterval = ((then: () => void, ms = 0) => {
      const timer = this.#setInterval(then, ms)
      delays.set(timer, ms)
      return timer
    }) as never
  }

  restore(): void {
    globalThis.setTimeout = this.#setTimeout
    globalThis.setInterval = this.#setInterval
    globalThis.clearTimeout = this.#clearTimeout
  }

  /** Waits with the real timers, which do not count. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const wait = (then: () => void, ms: number): unknown => this.#setTimeout(then, ms)
    for (let i = 0; i < 10_000 && !condition(); i++) await new Promise<void>((resolve) => wait(resolve, 1))
    if (!condition()) throw new Error(`never: ${what}; timers of ${[...this.delays.values()].join(', ')} ms`)
  }
}

t.test('with idle connections on both sides nothing fires more often than once a second', async (t) => {
  const app = await h2App(t, (stream) => {
    stream.respond({ ':status': 200 })
    stream.end('ok')
  })
  const pending = new Pending()
  t.teardown(() => pending.restore())
  const rig = await Rig.start(t, {
    serve: answering(() => response('ok')),
    onRequest: (exchange, rig) =>
      exchange.forward(exchange.request.target === '/h2' ? overHttp2 : rig.endpoint),
  })
  const overHttp2 = rig.endpointTo(app.port, 'h2')
  const client = await rig.connect()
  const session = h2Client(t, rig.port)
  for (const path of ['/h1', '/h2']) {
    client.sends(get(path))
    t.equal((await client.readsMessage()).body, 'ok')
    t.equal((await h2Request(session, { ':path': path })).status, 200)
  }
  t.equal(rig.endpoint.idleConnections, 1)
  t.equal(overHttp2.openConnections, 1)
  t.equal(rig.relay.connections, 2)
  t.ok(rig.relay.wheel.armed >= 3, 'there are deadlines')

  let turns = 0
  const { wheel } = rig.relay
  const advance = wheel.advance.bind(wheel)
  wheel.advance = () => {
    turns++
    advance()
  }
  await pending.until('only long timers are left', () =>
    [...pending.delays.values()].every((ms) => ms > 10 * SECOND_MS),
  )
  t.ok(turns > 0, 'it ticked before')
  const soFar = turns
  client.sends(get('/h1'))
  t.equal((await client.readsMessage()).body, 'ok')
  t.equal(turns, soFar, 'a single request does not make it tick')
  t.ok([...pending.delays.values()].every((ms) => ms > 10 * SECOND_MS))
  pending.restore()
  await until('the request is over', () => rig.endpoint.idleConnections === 1)
})
