import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { Events } from '../conformance/support/events.ts'
import { eventually, within } from '../conformance/support/within.ts'
import { Local } from '../local/support/local.ts'

t.test('hello', async (t) => {
  const local = await Local.startWith(t, ['examples/hello/service.yaml'])
  t.equal((await local.ask()).body, 'Hello World!\n')
  const answers = await Promise.all(Array.from({ length: 60 }, () => local.ask()))
  t.ok(answers.every(({ status }) => status === 200))
})

t.test('slow-starter: nobody sees it before it is warm', async (t) => {
  const local = await Local.startWith(t, ['examples/slow-starter/service.yaml'])
  const answer = await local.ask({ host: 'slow-starter.default.localhost' })
  t.equal(answer.body, 'warm after 3000 ms\n')
})

t.test('python', { skip: hasNo('python3') }, async (t) => {
  const local = await Local.startWith(t, ['examples/python/service.yaml'])
  t.match((await local.ask()).body, /^Hello from Python 3\n$/)
})

t.test('shell', async (t) => {
  const local = await Local.startWith(t, ['examples/shell/service.yaml'])
  t.equal((await local.ask()).body, 'Ahoj from a script\n')
  await local.service.lines.find('its own line', (line) =>
    /^\[shell-00001-.....\] listening on \d+ with --greeting Ahoj$/.test(line),
  )
})

t.test(
  'server-sent-events: each of them comes when it is written, and the app hears of who leaves',
  async (t) => {
    const local = await Local.startWith(t, ['examples/server-sent-events/service.yaml'])
    const sent = get({
      host: '127.0.0.1',
      port: local.service.ports['http1'],
      headers: { host: 'clock.default.localhost' },
    })
    const [response] = (await within('it is answered', once(sent, 'response'))) as [IncomingMessage]
    t.equal(response.headers['content-type'], 'text/event-stream')
    const events = new Events<string>('events')
    let rest = ''
    response.setEncoding('utf8').on('data', (text: string) => {
      const whole = (rest + text).split('\n\n')
      rest = whole.pop()!
      for (const event of whole) events.push(event)
    })
    response.on('error', () => {})
    t.match(await events.next(), /^id: 1\ndata: \d{4}-/)
    t.match(await events.next(), /^id: 2\ndata: \d{4}-/)
    sent.destroy()
    await local.service.lines.find('the app hears of it', (line) =>
      /a client left after \d+ events$/.test(line),
    )
  },
)

t.test('websocket-chat: the upgrade waits for an instance, and then everybody hears everybody', async (t) => {
  const local = await Local.startWith(t, ['examples/websocket-chat/service.yaml'])
  const join = async (t: Test): Promise<{ socket: WebSocket; heard: Events<string> }> => {
    const socket = new WebSocket(`ws://127.0.0.1:${local.service.ports['http1']}/`, {
      headers: { host: 'chat.default.localhost' },
    })
    t.teardown(() => socket.terminate())
    const heard = new Events<string>('what was said')
    socket.on('message', (data: Buffer) => heard.push(data.toString()))
    socket.on('error', () => {})
    await within('the connection is open', once(socket, 'open'))
    return { socket, heard }
  }
  const first = await join(t)
  await first.heard.find('the greeting', (text) => text === 'somebody came; 1 are here')
  const second = await join(t)
  second.socket.send('hi')
  await Promise.all(
    [first, second].map(({ heard }) => heard.find('what the other one said', (text) => text === 'hi')),
  )
  second.socket.close()
  await first.heard.find('that the other one left', (text) => text === 'somebody left; 1 are here')
})

t.test('grpc: calls and streams, from zero', async (t) => {
  const local = await Local.startWith(t, ['examples/grpc/service.yaml'])
  const said = execFileSync(
    process.execPath,
    ['examples/grpc/client.js', `127.0.0.1:${local.service.ports['http1']}`],
    { encoding: 'utf8', timeout: 20_000 },
  )
  t.equal(said, 'Hello gRPC!\n1\n2\n3\n')
})

t.test('canary: nine of ten, and each by its tag', async (t) => {
  const local = await Local.startWith(t, ['examples/canary/service.yaml'])
  const host = 'shop.default.localhost'
  const count = { 1: 0, 2: 0 }
  for (let i = 0; i < 200; i++) {
    const { body } = await local.ask({ host })
    count[body === 'Hello version 1!\n' ? 1 : 2]++
  }
  t.ok(count[1] > 150 && count[2] > 0, JSON.stringify(count))
  t.equal((await local.ask({ host: `stable-${host}` })).body, 'Hello version 1!\n')
  t.equal((await local.ask({ host: `next-${host}` })).body, 'Hello version 2!\n')
})

t.test('blue-green: green has a name of its own until it is live', async (t) => {
  const local = await Local.startWith(t, ['examples/blue-green/blue.yaml', 'examples/blue-green/green.yaml'])
  const host = 'colours.default.localhost'
  t.equal((await local.ask({ host })).body, 'Hello blue!\n')
  t.equal((await local.ask({ host: `green-${host}` })).body, 'Hello green!\n')
})

t.test('guides: each of them, with a command for its image', async (t) => {
  const names = [
    'order-service',
    'high-concurrency-service',
    'scale-to-zero-service',
    'rps-service',
    'speech-text',
    'optimized-service',
  ]
  const commands = Object.fromEntries(names.map((name) => [name, 'node server.js']))
  const local = await Local.startWith(
    t,
    names.map((name) => `examples/guides/${name}.yaml`),
    { ACTIVATOR_COMMANDS: JSON.stringify(commands) },
  )
  const answers = await Promise.all(names.map((name) => local.ask({ host: `${name}.default.localhost` })))
  t.strictSame(
    answers.map(({ body }) => body),
    names.map((name) => `${name}, revision ${name}-00001\n`),
  )
  const warned = await eventually(
    'the warning about requests',
    () => Promise.resolve(local.service.lines.all.filter((line) => line.includes('resources.requests'))),
    (lines) => lines.length > 0,
  )
  t.match(warned[0], /order-service\.yaml:\d+/)
})

function hasNo(program: string): string | false {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return `${program} is not installed`
  }
}
