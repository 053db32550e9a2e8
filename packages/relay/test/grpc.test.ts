import * as grpc from '@grpc/grpc-js'
import t from 'tap'
import { bytes, type GrpcApp, SERVICE, startGrpcApp } from './support/grpc-app.ts'
import { eventually, type Running, startRelay, type Test, within } from './support/h2-harness.ts'

const Client = grpc.makeGenericClientConstructor(SERVICE, 'Echo')

async function start(
  t: Test,
  options = {},
): Promise<{ app: GrpcApp; client: InstanceType<typeof Client>; running: Running }> {
  const app = await startGrpcApp(t)
  const running = await startRelay(t, { port: app.port, protocol: 'h2' }, options)
  const client = new Client(`127.0.0.1:${running.port}`, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.enable_retries': 0,
  })
  t.teardown(() => client.close())
  return { app, client, running }
}

interface Answer {
  error: grpc.ServiceError | null
  value: Buffer | undefined
  metadata: grpc.Metadata | null
  trailers: grpc.Metadata | null
}

/** Starts a call that has one answer, and waits for all of it. */
function answerOf(
  begin: (callback: grpc.requestCallback<Buffer>) => grpc.ClientUnaryCall | grpc.ClientWritableStream<Buffer>,
): Promise<Answer> {
  const answer: Answer = { error: null, value: undefined, metadata: null, trailers: null }
  const done = new Promise<Answer>((resolve) => {
    let left = 2
    const end = (): void => {
      if (--left === 0) resolve(answer)
    }
    const call = begin((error, value) => {
      answer.error = error
      answer.value = value
      end()
    })
    call.on('metadata', (metadata: grpc.Metadata) => (answer.metadata = metadata))
    call.on('status', (status: grpc.StatusObject) => {
      answer.trailers = status.metadata
      end()
    })
  })
  return within(done, 'answer', 20_000)
}

/** Everything a stream of messages says, and how it ends. */
function readAll(call: grpc.ClientReadableStream<Buffer> | grpc.ClientDuplexStream<Buffer, Buffer>): Promise<{
  messages: string[]
  status: grpc.StatusObject
}> {
  const messages: string[] = []
  call.on('data', (message: Buffer) => messages.push(message.toString()))
  call.on('error', () => {})
  const ended = new Promise<grpc.StatusObject>((resolve) => call.on('status', resolve))
  return within(
    ended.then((status) => ({ messages, status })),
    'status',
    20_000,
  )
}

t.test('a unary call, with metadata both ways', async (t) => {
  const { app, client, running } = await start(t)
  const metadata = new grpc.Metadata()
  metadata.add('x-many', 'one')
  metadata.add('x-many', 'two')
  metadata.set('x-raw-bin', Buffer.from([255, 0, 1]))
  const {
    error,
    value,
    metadata: head,
    trailers,
  } = await answerOf((done) => client['unary'](Buffer.from('hello'), metadata, done))
  t.equal(error, null)
  t.equal(value!.toString(), 'hello')
  t.same(head!.get('x-head'), ['first'])
  t.same(head!.get('x-head-bin'), [Buffer.from([0, 1, 255])])
  t.equal(trailers!.get('x-trailer').join(', '), 'one, two')
  t.equal(app.metadata!.get('x-many').join(', '), 'one, two')
  t.same(app.metadata!.get('x-raw-bin'), [Buffer.from([255, 0, 1])])
  await running.recorder.untilDone(1)
  t.same(running.recorder.outcomes, ['ok'])
})

t.test('many unary calls share the connections', async (t) => {
  const { client, running } = await start(t)
  const calls = Array.from({ length: 100 }, (_, i) =>
    answerOf((done) => client['unary'](Buffer.from(String(i)), done)).then((answer) =>
      answer.value!.toString(),
    ),
  )
  t.same(
    await Promise.all(calls),
    Array.from({ length: 100 }, (_, i) => String(i)),
  )
  t.equal(running.relay.connections, 1)
  t.equal(running.recorder.endpoint!.openConnections, 1)
  await running.recorder.untilDone(100)
  t.ok(running.recorder.outcomes.every((outcome) => outcome === 'ok'))
})

t.test('an empty message', async (t) => {
  const { client } = await start(t)
  const { error, value } = await answerOf((done) => client['unary'](Buffer.alloc(0), done))
  t.equal(error, null)
  t.equal(value!.length, 0)
})

t.test('client streaming', async (t) => {
  const { client, running } = await start(t)
  const { value } = await answerOf((done) => {
    const call = client['collect'](done) as grpc.ClientWritableStream<Buffer>
    for (let i = 0; i < 100; i++) call.write(Buffer.from(`${i},`))
    call.end()
    return call
  })
  t.equal(value!.toString(), Array.from({ length: 100 }, (_, i) => `${i},`).join(''))
  await running.recorder.untilDone(1)
  t.same(running.recorder.outcomes, ['ok'])
})

t.test('server streaming', async (t) => {
  const { client, running } = await start(t)
  const { messages, status } = await readAll(client['count'](Buffer.from('5000')))
  t.equal(messages.length, 5000)
  t.equal(messages[0], '5000')
  t.equal(messages[4999], '1')
  t.equal(status.code, grpc.status.OK)
  await running.recorder.untilDone(1)
  t.same(running.recorder.outcomes, ['ok'])
})

t.test('bidirectional streaming, message by message', async (t) => {
  const { client, running } = await start(t)
  const call = client['chat']() as grpc.ClientDuplexStream<Buffer, Buffer>
  const all = readAll(call)
  for (const word of ['one', 'two', 'three']) {
    const reply = new Promise<Buffer>((resolve) => call.once('data', resolve))
    call.write(Buffer.from(word))
    t.equal((await within(reply, word)).toString(), word.toUpperCase())
  }
  call.end()
  t.equal((await all).status.code, grpc.status.OK)
  await running.recorder.untilDone(1)
  t.same(running.recorder.outcomes, ['ok'])
})

t.test('an error keeps its status, its message and its metadata', async (t) => {
  const { client, running } = await start(t)
  const { error } = await answerOf((done) => client['fail'](Buffer.from('x'), done))
  t.equal(error!.code, grpc.status.FAILED_PRECONDITION)
  t.equal(error!.details, 'not now: 100 % "no"')
  t.same(error!.metadata.get('x-why'), ['on purpose'])
  await running.recorder.untilDone(1)
  t.same(running.recorder.outcomes, ['ok'])
})

t.test('a method that does not exist', async (t) => {
  const { client } = await start(t)
  const { error } = await answerOf((done) =>
    client.makeUnaryRequest('/test.Echo/Nothing', bytes, bytes, Buffer.from('x'), done),
  )
  t.equal(error!.code, grpc.status.UNIMPLEMENTED)
})

t.test('a server that answers before the client has finished', async (t) => {
  const { client, running } = await start(t)
  const { error } = await answerOf((done) => {
    const call = client['slam'](done) as grpc.ClientWritableStream<Buffer>
    call.write(Buffer.alloc(1000))
    return call
  })
  t.equal(error!.code, grpc.status.RESOURCE_EXHAUSTED)
  t.equal(error!.details, 'enough')
  await running.recorder.untilDone(1)
  t.same(running.recorder.outcomes, ['ok'])
})

t.test('a call that is cancelled is cancelled at the server', async (t) => {
  const { app, client, running } = await start(t)
  const call = client['hang']() as grpc.ClientDuplexStream<Buffer, Buffer>
  const all = readAll(call)
  call.write(Buffer.from('x'))
  await eventually(() => app.hanging === 1, 'the call arrived')
  call.cancel()
  t.equal((await all).status.code, grpc.status.CANCELLED)
  await eventually(() => app.cancelled === 1, 'cancelled at the server')
  await running.recorder.untilDone(1)
  t.same(running.recorder.outcomes, ['client-gone'])
})

t.test('a deadline that passes ends the call on both sides', async (t) => {
  const { app, client, running } = await start(t)
  const call = client['hang']({ deadline: Date.now() + 200 }) as grpc.ClientDuplexStream<Buffer, Buffer>
  const all = readAll(call)
  call.write(Buffer.from('x'))
  t.equal((await all).status.code, grpc.status.DEADLINE_EXCEEDED)
  await eventually(() => app.cancelled === 1, 'cancelled at the server')
  await running.recorder.untilDone(1)
  t.equal(running.recorder.outcomes.length, 1)
})

t.test('an endpoint that cannot be reached is UNAVAILABLE', async (t) => {
  const { client, running } = await start(t)
  running.recorder.decide = (exchange) => exchange.reply(503, '', 'no instance\n', 'refused')
  const { error } = await answerOf((done) => client['unary'](Buffer.from('x'), done))
  t.equal(error!.code, grpc.status.UNAVAILABLE)
})

t.test('large messages pass whole, both ways', async (t) => {
  const { client, running } = await start(t)
  const message = Buffer.alloc(12 * 1024 * 1024, 'abcdefghijklmnopqrstuvwxyz')
  const { error, value } = await answerOf((done) => client['unary'](message, done))
  t.equal(error, null)
  t.ok(value!.equals(message))
  await running.recorder.untilDone(1)
  t.same(running.recorder.outcomes, ['ok'])
})

t.test('a client that pauses stops the server, and gets everything when it goes on', async (t) => {
  const { app, client, running } = await start(t)
  const call = client['flood'](Buffer.from('3000')) as grpc.ClientReadableStream<Buffer>
  let messages = 0
  const status = new Promise<grpc.StatusObject>((resolve) => call.on('status', resolve))
  call.on('data', () => {
    if (++messages === 1) call.pause()
  })
  await eventually(() => messages === 1, 'the first message')
  let last = -1
  let same = 0
  const standsStill = (): boolean => {
    same = app.flooded === last ? same + 1 : 0
    last = app.flooded
    return same > 20
  }
  await eventually(standsStill, 'the server stands still', 20_000)
  t.ok(last < 1000, `${last} messages of 16 KiB were sent`)
  call.resume()
  t.equal((await within(status, 'status', 20_000)).code, grpc.status.OK)
  t.equal(messages, 3000)
  await running.recorder.untilDone(1)
  t.same(running.recorder.outcomes, ['ok'])
})

t.test('a graceful close lets calls end', async (t) => {
  const { client, running } = await start(t)
  const call = client['chat']() as grpc.ClientDuplexStream<Buffer, Buffer>
  const all = readAll(call)
  const reply = new Promise<Buffer>((resolve) => call.once('data', resolve))
  call.write(Buffer.from('one'))
  await within(reply, 'the first reply')
  const closed = running.relay.close()
  const last = new Promise<Buffer>((resolve) => call.once('data', resolve))
  call.write(Buffer.from('two'))
  t.equal((await within(last, 'the last reply')).toString(), 'TWO')
  call.end()
  t.equal((await all).status.code, grpc.status.OK)
  await within(closed, 'closed')
  t.same(running.recorder.outcomes, ['ok'])
})
