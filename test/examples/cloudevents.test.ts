// Events that nobody may lose: their senders are stopped, the receiver is killed, and in the end each of them was kept once.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { jetstream } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { connect as connectRabbit } from 'amqplib'
import t, { type Test } from 'tap'
import { Events } from '../conformance/support/events.ts'
import { eventually, within } from '../conformance/support/within.ts'
import { Local } from '../local/support/local.ts'
import { freePort } from '../support/free-port.ts'

const FOLDER = 'examples/cloudevents'
/** What a broker that is not there makes of a test. */
const RABBITMQ_URL = process.env['RABBITMQ_URL']

async function receiver(t: Test): Promise<{ local: Local; journal: string }> {
  const journal = join(t.testdir(), 'events.jsonl')
  return { local: await Local.startWith(t, [`${FOLDER}/service.yaml`], { JOURNAL: journal }), journal }
}

interface Kept {
  readonly id: string
  readonly data: unknown
}

function keptIn(journal: string): Kept[] {
  try {
    return readFileSync(journal, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Kept)
  } catch {
    return []
  }
}

/** Resolves when the journal has this many events; fails when one is in it twice. */
async function keeps(t: Test, journal: string, count: number): Promise<void> {
  const kept = await eventually(
    `${count} events are kept`,
    () => Promise.resolve(keptIn(journal)),
    (events) => events.length >= count,
  )
  t.equal(new Set(kept.map(({ id }) => id)).size, count)
  t.equal(kept.length, count, 'each of them once')
}

function script(
  t: Test,
  name: string,
  args: readonly string[],
  local: Local,
  env: Readonly<Record<string, string>> = {},
): { lines: Events<string>; child: ChildProcess; exited: Promise<number | null> } {
  const child = spawn(process.execPath, [join(FOLDER, name), ...args], {
    env: { ...process.env, EVENTS_URL: `http://127.0.0.1:${local.service.ports['http1']}`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines = new Events<string>(`lines of ${name}`)
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line))
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  return { lines, child, exited }
}

t.test('over plain HTTP, while the receiver is killed again and again', async (t) => {
  const { local, journal } = await receiver(t)
  const sender = script(t, 'from-http.js', ['200'], local)
  for (let kills = 0; kills < 3; kills++) {
    const before = keptIn(journal).length
    await eventually(
      'events come in',
      () => Promise.resolve(keptIn(journal).length),
      (count) => count > before || count === 200,
    )
    killReceiver(local)
  }
  t.equal(await within('the sender ends', sender.exited, 60_000), 0)
  await keeps(t, journal, 200)
})

/** Ends the app as a crash would. */
function killReceiver({ service }: Local): void {
  try {
    execFileSync('pkill', ['-KILL', '-P', String(service.pid), '-f', 'receiver.js'])
  } catch {
    // It does not run at the moment.
  }
}

t.test('an event that is none is refused, and an event that comes twice is kept once', async (t) => {
  const { local, journal } = await receiver(t)
  const post = (headers: Record<string, string>, body: string): Promise<Response> =>
    within(
      'it is answered',
      fetch(`http://127.0.0.1:${local.service.ports['http1']}/`, { method: 'POST', headers, body }),
    )
  const event = { 'ce-specversion': '1.0', 'ce-id': '7', 'ce-source': '/me', 'ce-type': 'test' }
  for (let i = 0; i < 2; i++)
    t.equal((await post({ ...event, 'content-type': 'text/plain' }, 'hello')).status, 204)
  await keeps(t, journal, 1)
  t.match(keptIn(journal)[0], { id: '7', data: 'hello', datacontenttype: 'text/plain' })
  t.equal((await post({ 'ce-id': '8' }, '')).status, 400)
})

const natsServer = (): string | false => {
  try {
    execFileSync('nats-server', ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'nats-server is not installed (Debian: nats-server)'
  }
}

t.test('from NATS: nothing is acknowledged that was not kept', { skip: natsServer() }, async (t) => {
  const port = await freePort()
  const server = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', t.testdir()], {
    stdio: 'ignore',
  })
  const serverEnded = new Promise((resolve) => server.once('close', resolve))
  t.teardown(async () => {
    server.kill('SIGKILL')
    await serverEnded
  })
  const nats = await eventually(
    'NATS answers',
    () => connect({ servers: `127.0.0.1:${port}`, reconnect: false }).catch(() => null),
    (connection: NatsConnection | null) => connection !== null,
  )
  t.teardown(() => nats!.close())
  const { local, journal } = await receiver(t)
  const bridge = (): ReturnType<typeof script> =>
    script(t, 'from-nats.js', [], local, { NATS_URL: `127.0.0.1:${port}` })
  const first = bridge()
  await first.lines.find('it listens', (line) => line === 'listening to NATS')
  for (let i = 1; i <= 100; i++)
    await jetstream(nats!).publish('examples.events', JSON.stringify({ number: i }))
  await eventually(
    'some are kept',
    () => Promise.resolve(keptIn(journal).length),
    (count) => count > 0,
  )
  first.child.kill('SIGKILL')
  await first.exited
  bridge()
  await eventually(
    'all are kept',
    () => Promise.resolve(new Set(keptIn(journal).map(({ id }) => id)).size),
    (count) => count === 100,
    // What the first one had is brought again when the time to acknowledge it is over: 10 s.
    90_000,
  )
  t.equal(keptIn(journal).length, 100, 'each of them once')
})

t.test(
  'from RabbitMQ: nothing is acknowledged that was not kept',
  { skip: RABBITMQ_URL === undefined ? 'RABBITMQ_URL names no RabbitMQ to use' : false },
  async (t) => {
    const connection = await connectRabbit(RABBITMQ_URL!)
    t.teardown(() => connection.close())
    const channel = await connection.createChannel()
    await channel.assertQueue('examples.events', { durable: true })
    await channel.purgeQueue('examples.events')
    for (let i = 1; i <= 100; i++)
      channel.sendToQueue('examples.events', Buffer.from(JSON.stringify({ number: i })), {
        messageId: `rabbit-${i}`,
        persistent: true,
      })
    const { local, journal } = await receiver(t)
    const first = script(t, 'from-rabbitmq.js', [], local)
    await eventually(
      'some are kept',
      () => Promise.resolve(keptIn(journal).length),
      (count) => count > 0,
    )
    first.child.kill('SIGKILL')
    await first.exited
    script(t, 'from-rabbitmq.js', [], local)
    await keeps(t, journal, 100)
  },
)
