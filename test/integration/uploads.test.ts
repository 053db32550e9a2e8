import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import t from 'tap'
import { within } from '../conformance/support/within.ts'
import { App, echoOf } from './support/app.ts'
import type { Pending } from './support/client.ts'
import { addressOf, startQueueProxy } from './support/service-process.ts'
import { Stage } from './support/stage.ts'

const MIB = 1024 * 1024

t.test('uploads that begin while there is no instance arrive as they were sent', async (t) => {
  const app = await App.start(t)
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, app.port)])
  const bodies = {
    small: Buffer.from('a small body'),
    large: randomBytes(8 * MIB),
    chunked: randomBytes(3 * MIB),
    expected: randomBytes(MIB),
  }
  const streamed = (headers: Record<string, string>): Pending =>
    stage.send({ path: '/echo', isStreamed: true, headers })

  const small = stage.send({ path: '/echo', body: bodies.small })
  const large = stage.send({ path: '/echo', body: bodies.large })
  const chunked = streamed({ 'Transfer-Encoding': 'chunked' })
  for (let at = 0; at < bodies.chunked.length; at += 100_000)
    chunked.request.write(bodies.chunked.subarray(at, at + 100_000))
  chunked.request.end()
  const expected = streamed({ Expect: '100-continue', 'Content-Length': String(MIB) })
  const continues = once(expected.request, 'continue')
  expected.request.flushHeaders()
  await stage.held(4)
  const buffered = await stage.metric('pilotlight_held_bytes')
  t.ok(buffered > 0 && buffered < MIB, `${buffered} bytes are buffered, not the bodies`)
  t.equal(large.request.writableFinished, false, 'the large one is not taken before it can be sent on')

  await stage.instances(addressOf(queueProxy))
  await within('100 Continue', continues)
  expected.request.end(bodies.expected)
  for (const [name, { answer }] of Object.entries({ small, large, chunked, expected })) {
    const { status, body } = await answer
    t.equal(status, 200, name)
    t.equal(body.toString(), echoOf(bodies[name as keyof typeof bodies]), `${name} is intact`)
  }
  t.equal(await stage.metric('pilotlight_held_bytes'), 0, 'and all is given back')
})

t.test('an upload that waits for nothing does not wait: early answers come before the body', async (t) => {
  const app = await App.start(t)
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, app.port)])
  const early = stage.send({
    path: '/early',
    isStreamed: true,
    headers: { 'Content-Length': String(8 * MIB) },
  })
  early.request.write(randomBytes(MIB))
  await stage.held(1)
  await stage.instances(addressOf(queueProxy))
  const { status, body } = await early.answer
  t.strictSame([status, body.toString()], [413, 'too large\n'])
  t.equal((await stage.send().answer).status, 200, 'and others are answered')
})
