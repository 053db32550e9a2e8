import type { Endpoint, Exchange, Failure } from '@pilotlight/relay'
import t from 'tap'
import { App, type AppProtocol, type Detected } from '../src/app.ts'

/** Only what the choice of an endpoint looks at; that the bytes get there is tested with real apps. */
const exchange = (isHttp2: boolean, options: { upgrade?: string; mayRetry?: boolean } = {}) => {
  const sentTo: string[] = []
  return {
    sentTo,
    exchange: {
      downstream: { isHttp2 },
      request: { upgrade: options.upgrade ?? '' },
      canRetry: () => options.mayRetry ?? true,
      forward: (endpoint: Endpoint) => sentTo.push(endpoint.name),
    } as unknown as Exchange,
  }
}

const setUp = (protocol: AppProtocol) => {
  const asked: ((found: Detected) => void)[] = []
  const app = new App(protocol, () => new Promise((resolve) => asked.push(resolve)))
  app.connect({ name: 'http1' } as Endpoint, { name: 'h2c' } as Endpoint)
  const sent = (isHttp2: boolean): string | undefined => {
    const one = exchange(isHttp2)
    app.forward(one.exchange)
    return one.sentTo[0]
  }
  const answer = async (found: Detected): Promise<void> => {
    asked.shift()!(found)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { app, asked, sent, answer }
}

t.test('fixed and mirrored protocols never ask the app', async (t) => {
  for (const [protocol, forHttp1, forHttp2] of [
    ['mirror', 'http1', 'h2c'],
    ['http1', 'http1', 'http1'],
    ['h2c', 'h2c', 'h2c'],
  ] as const) {
    const { app, sent, asked } = setUp(protocol)
    t.strictSame([sent(false), sent(true)], [forHttp1, forHttp2], protocol)
    t.equal(app.onFailure(exchange(false).exchange, 'endpoint-speaks-http2'), false)
    t.strictSame([sent(false), sent(true)], [forHttp1, forHttp2], protocol)
    t.equal(asked.length, 0)
  }
})

t.test('the first HTTP/2 request asks once for all that come meanwhile', async (t) => {
  for (const [found, endpoint] of [
    ['h2', 'h2c'],
    ['http1', 'http1'],
    ['unreachable', 'http1'],
  ] as const) {
    const { app, asked, answer, sent } = setUp('auto')
    const waiting = [exchange(true), exchange(true), exchange(true)]
    for (const one of waiting) app.forward(one.exchange)
    app.forget(waiting[1].exchange)
    t.equal(sent(false), 'http1', 'HTTP/1.1 does not wait')
    t.equal(asked.length, 1)
    t.equal(app.spoken, '')
    await answer(found)
    t.strictSame(
      waiting.map((one) => one.sentTo),
      [[endpoint], [], [endpoint]],
    )
    t.equal(sent(true), found === 'unreachable' ? undefined : endpoint, found)
    t.equal(asked.length, found === 'unreachable' ? 1 : 0, 'an app that could not be reached is asked again')
  }
})

t.test('what comes before the endpoints are there is forwarded when they are', async (t) => {
  const app = new App('auto', () => Promise.resolve('http1'))
  const [early, gone, http2] = [exchange(false), exchange(false), exchange(true)]
  for (const one of [early, gone, http2]) app.forward(one.exchange)
  app.forget(gone.exchange)
  app.connect({ name: 'http1' } as Endpoint, { name: 'h2c' } as Endpoint)
  await new Promise((resolve) => setImmediate(resolve))
  t.strictSame([early.sentTo, gone.sentTo, http2.sentTo], [['http1'], [], ['http1']])
})

t.test('an app that speaks HTTP/2 only gets HTTP/1.1 requests translated', async (t) => {
  const { app, sent } = setUp('auto')
  const first = exchange(false)
  app.forward(first.exchange)
  t.equal(app.onFailure(first.exchange, 'endpoint-speaks-http2'), true)
  t.strictSame(first.sentTo, ['http1', 'h2c'])
  t.strictSame([sent(false), sent(true)], ['h2c', 'h2c'])
  t.equal(app.spoken, 'h2c')
})

t.test('what cannot be sent again, or not over HTTP/2, fails', async (t) => {
  const { app, sent } = setUp('auto')
  t.equal(app.onFailure(exchange(false, { mayRetry: false }).exchange, 'endpoint-speaks-http2'), false)
  t.equal(app.onFailure(exchange(false, { upgrade: 'websocket' }).exchange, 'endpoint-speaks-http2'), false)
  t.equal(sent(false), 'h2c', 'but it is known now')
})

t.test('after a failure that may mean another app, it is asked again', async (t) => {
  for (const failure of [
    'connect-refused',
    'connect-failed',
    'upstream-closed',
    'response-refused',
  ] as Failure[]) {
    const { app, sent, asked, answer } = setUp('auto')
    sent(true)
    await answer('http1')
    t.equal(sent(true), 'http1')
    t.equal(app.onFailure(exchange(true).exchange, failure), false)
    t.equal(sent(true), undefined)
    t.equal(asked.length, 1, failure)
  }
  const { app, sent, answer } = setUp('auto')
  sent(true)
  await answer('h2')
  app.onFailure(exchange(true).exchange, 'total-timeout')
  t.equal(sent(true), 'h2c', 'a slow app is the same app')
})
