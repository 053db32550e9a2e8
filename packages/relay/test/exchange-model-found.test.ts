import t from 'tap'
import { Exchange, Phase } from '../src/exchange.ts'
import type { ExchangeScope } from '../src/exchange-scope.ts'
import type { Failure } from '../src/failure.ts'
import type { Clocks, ExchangeHandler } from '../src/sides.ts'
import { TimerWheel } from '../src/timer-wheel.ts'
import { Tunnels } from '../src/tunnels.ts'
import {
  Journal,
  requestHead,
  responseHead,
  ScriptedDownstream,
  ScriptedStream,
  ScriptedUpstream,
} from './support/exchange-doubles.ts'
import { Dice } from './support/model-settings.ts'

/*
 * Schedules that the model of exchange-model.test.ts found, each as the rule it broke. Doubles, because these are orders
 * of events that a network produces once in thousands of runs.
 */

const NONE = Buffer.alloc(0)
const EXPECTING = ['Transfer-Encoding: chunked', 'Expect: 100-continue']

/** An exchange whose service forwards, and does with failures what the test says. */
class Scene implements ExchangeHandler {
  readonly journal = new Journal()
  readonly downstream: ScriptedDownstream
  readonly upstream: ScriptedUpstream
  readonly exchange: Exchange
  readonly failures: Failure[] = []
  readonly wheel: TimerWheel
  nowMs = 0
  done = 0
  takesOver = false
  readonly #dice = new Dice(1)

  constructor(method: string, fields: readonly string[], clocks: Partial<Clocks> = {}) {
    this.#dice.chance = () => false
    this.wheel = new TimerWheel(50, () => this.nowMs)
    this.downstream = new ScriptedDownstream(this.journal, this.#dice, false)
    this.upstream = new ScriptedUpstream(this.journal)
    const none = {
      queueMs: 0,
      responseStartMs: 0,
      responseStartIncludesQueue: false,
      idleMs: 0,
      totalMs: 0,
      tunnelMs: 0,
    }
    const scope: ExchangeScope = {
      handler: this,
      wheel: this.wheel,
      tunnels: new Tunnels(),
      clocks: { ...none, ...clocks },
      holdBytes: 1000,
      lingerMs: 1000,
      lingerBytes: 1000,
      continueMs: 500,
      proxyName: 'scene',
    }
    this.exchange = new Exchange(scope, this.downstream, requestHead(method, fields))
  }

  /** Begins, and gives it a stream. */
  forwarded(): ScriptedStream {
    this.exchange.begin()
    this.exchange.forward(this.upstream)
    return this.ready()
  }

  ready(): ScriptedStream {
    const stream = new ScriptedStream(this.journal, this.#dice, false)
    stream.isReusable = true
    this.upstream.pending = null
    this.exchange.onUpstreamReady(stream)
    return stream
  }

  pass(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end;) {
      this.nowMs = Math.min(end, this.nowMs + 50)
      this.wheel.advance()
    }
  }

  onRequest(): void {}
  onResponse(): void {}
  onFailure(_: Exchange, failure: Failure): boolean {
    this.failures.push(failure)
    return this.takesOver
  }
  onDone(): void {
    this.done++
  }
}

t.test('no 100 is sent once the final head went out', async (t) => {
  const scene = new Scene('POST', EXPECTING)
  const stream = scene.forwarded()
  stream.state = 'body'
  scene.exchange.onResponse(responseHead(413), NONE, 0, 0, false)
  scene.pass(2000)
  scene.exchange.onResponseData(Buffer.from('too large'), 0, 9)
  t.equal(scene.downstream.continues, 0)
  t.strictSame(scene.journal.faults, [])
})

t.test('a client that sends its body without waiting gets no 100', async (t) => {
  const whole = new Scene('POST', EXPECTING)
  whole.exchange.onRequestData(Buffer.from('body'), 0, 4)
  whole.exchange.onRequestEnd(null)
  whole.forwarded()
  whole.pass(2000)
  t.equal(whole.downstream.continues, 0, 'when the body came with the head')
  const part = new Scene('POST', EXPECTING)
  part.forwarded()
  part.exchange.onRequestData(Buffer.from('body'), 0, 4)
  part.pass(2000)
  t.equal(part.downstream.continues, 0, 'when it came later')
})

t.test('a 100 that could not be passed on does not count as sent', async (t) => {
  const scene = new Scene('POST', EXPECTING)
  scene.forwarded()
  scene.downstream.isCongested = true
  scene.exchange.onInterim(responseHead(100))
  t.equal(scene.downstream.continues, 0)
  scene.downstream.isCongested = false
  scene.exchange.onDownstreamDrain()
  scene.pass(700)
  t.equal(scene.downstream.continues, 1)
})

t.test('an answer is not cut when the rest of the request is no body', async (t) => {
  const scene = new Scene('POST', ['Transfer-Encoding: chunked'])
  scene.exchange.begin()
  scene.exchange.reply(403, '', 'no', 'refused')
  t.equal(scene.done, 0, 'the rest of the request is still read')
  scene.exchange.onRequestRefused(400, 'bad chunk')
  t.equal(scene.downstream.isCut, false)
  t.equal(scene.done, 1)
  t.equal(scene.exchange.outcome, 'refused')
})

t.test('an answer is not cut when the service gives up behind it', async (t) => {
  const scene = new Scene('POST', ['Transfer-Encoding: chunked'])
  const stream = scene.forwarded()
  stream.state = 'body'
  scene.exchange.onResponse(responseHead(200), NONE, 0, 0, true)
  stream.state = 'uploading'
  scene.exchange.onResponseDone(false)
  scene.exchange.fail('cut')
  t.equal(scene.downstream.isCut, false)
  t.equal(stream.state, 'abandoned', 'the upload ends')
  t.equal(scene.done, 1)
  t.equal(scene.exchange.outcome, 'ok')
})

t.test('the total clock runs on while the service holds after another clock', async (t) => {
  const scene = new Scene('GET', [], { queueMs: 100, totalMs: 1000 })
  scene.takesOver = true
  scene.exchange.onRequestEnd(null)
  scene.exchange.begin()
  scene.pass(500)
  t.strictSame(scene.failures, ['queue-timeout'], 'told once')
  t.equal(scene.exchange.phase, Phase.Waiting)
  scene.takesOver = false
  scene.pass(1000)
  t.strictSame(scene.failures, ['queue-timeout', 'total-timeout'])
  t.equal(scene.done, 1)
})

t.test('a body is read on when a clock ended the attempt that held it back', async (t) => {
  const scene = new Scene('POST', ['Transfer-Encoding: chunked'], { responseStartMs: 100 })
  scene.takesOver = true
  const stream = scene.forwarded()
  stream.isCongested = true
  scene.exchange.onRequestData(Buffer.from('body'), 0, 4)
  t.equal(scene.downstream.isReading, false)
  scene.pass(300)
  t.strictSame(scene.failures, ['response-start-timeout'])
  t.equal(stream.state, 'abandoned')
  t.equal(scene.downstream.isReading, true)
})

t.test('a service that answers for a refused upgrade finds its failure', async (t) => {
  const scene = new Scene('GET', ['Connection: upgrade', 'Upgrade: websocket'])
  scene.exchange.onRequestEnd(null)
  const stream = scene.forwarded()
  stream.state = 'failed'
  t.equal(scene.exchange.onSwitch(responseHead(101, ['Connection: upgrade', 'Upgrade: other'])), false)
  t.strictSame(scene.failures, ['upgrade-mismatch'])
  t.equal(scene.exchange.failure, 'upgrade-mismatch')
})
