import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { Relay } from '../src/relay.ts'
import { ConfigurationError, type RelayOptions } from '../src/settings.ts'
import type { ExchangeHandler } from '../src/sides.ts'
import { Events } from './support/events.ts'
import { answering, response } from './support/origin.ts'
import { fixture, PairFiles } from './support/pairs.ts'
import { Peer } from './support/peer.ts'
import { get, Rig } from './support/rig.ts'
import { until, within } from './support/within.ts'

const REPLY: ExchangeHandler = {
  onRequest: (exchange) => exchange.reply(200, '', 'ours'),
  onResponse: () => {},
  onFailure: () => false,
  onDone: () => {},
}

/** What stops the start. */
async function problemsOf(options: RelayOptions): Promise<readonly string[]> {
  try {
    const relay = await Relay.start(options, REPLY)
    relay.destroy()
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems
  }
}

async function started(t: Test, options: RelayOptions): Promise<Relay> {
  const relay = await Relay.start(options, REPLY)
  t.teardown(() => relay.destroy())
  return relay
}

/** A port that something else listens on. */
async function takenPort(t: Test, host = '127.0.0.1'): Promise<number> {
  const server = createServer()
  server.listen({ host, port: 0 })
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

t.test('listens on several addresses', async (t) => {
  const relay = await started(t, { listen: [{ host: '127.0.0.1' }, { host: '127.0.0.1', port: 0 }] })
  t.equal(relay.ports.length, 2)
  t.not(relay.ports[0], relay.ports[1])
  for (const port of relay.ports) {
    const client = await Peer.connect(port)
    client.sends(get())
    t.match(await client.readsMessage(), { status: 200, body: 'ours' })
    client.closes()
  }
})

t.test('without a host it takes IPv4, and IPv6 where there is any', async (t) => {
  const relay = await started(t, { listen: [{}] })
  const client = await Peer.connect(relay.ports[0])
  client.sends(get())
  t.match(await client.readsMessage(), { status: 200 })
  client.closes()
})

t.test('a port in use stops the start', async (t) => {
  const port = await takenPort(t)
  t.strictSame(await problemsOf({ listen: [{ host: '127.0.0.1', port }] }), [
    `listen[0]: port ${port} on 127.0.0.1 is in use: name a free one, or 0 for any`,
  ])
})

t.test('every port in use is named, and those that were free are free again', async (t) => {
  const taken = [await takenPort(t), await takenPort(t)]
  const probe = await started(t, { listen: [{ host: '127.0.0.1' }] })
  const [free] = probe.ports as [number]
  probe.destroy()
  const problems = await problemsOf({
    listen: [taken[0], free, taken[1]].map((port) => ({ host: '127.0.0.1', port })),
  })
  t.match(problems, [
    /^listen\[0\]: port \d+ on 127\.0\.0\.1 is in use/,
    /^listen\[2\]: port \d+ on 127\.0\.0\.1 is in use/,
  ])
  t.equal(problems.length, 2)
  await started(t, { listen: [{ host: '127.0.0.1', port: free }] })
})

t.test('one port twice is in use the second time', async (t) => {
  const probe = await started(t, { listen: [{ host: '127.0.0.1' }] })
  const [port] = probe.ports as [number]
  probe.destroy()
  const problems = await problemsOf({
    listen: [
      { host: '127.0.0.1', port },
      { host: '127.0.0.1', port },
    ],
  })
  t.match(problems, [/^listen\[1\]: port \d+ on 127\.0\.0\.1 is in use/])
})

t.test('an address of another machine stops the start', async (t) => {
  // TEST-NET-1 (RFC 5737): nobody has it.
  t.strictSame(await problemsOf({ listen: [{ host: '192.0.2.1' }] }), [
    'listen[0].host is "192.0.2.1": no address of this machine',
  ])
})

const isRoot = process.getuid?.() === 0
t.test(
  'a port that needs privileges stops the start',
  { skip: isRoot && 'root may listen anywhere' },
  async (t) => {
    const problems = await problemsOf({ listen: [{ host: '127.0.0.1', port: 1 }] })
    // Some machines let everybody listen everywhere.
    if (problems.length === 0) return t.comment('this machine has no such port')
    t.strictSame(problems, [
      'listen[0]: port 1 needs privileges this process does not have: name one above 1023',
    ])
  },
)

t.test('a certificate that cannot be used stops the start', async (t) => {
  const files = new PairFiles(t).write('one')
  const keyFile = fixture('two-key.pem')
  const problems = await problemsOf({
    listen: [
      { host: '127.0.0.1', tls: { certFile: '/nowhere/tls.crt', keyFile: files.keyFile } },
      { host: '127.0.0.1', tls: { certFile: files.certFile, keyFile } },
      { host: '127.0.0.1', tls: { certFile: files.certFile, keyFile: files.keyFile } },
    ],
  })
  t.equal(problems.length, 2)
  t.match(problems[0], /^listen\[0\]\.tls: the certificate file \/nowhere\/tls\.crt cannot be read: ENOENT/)
  t.ok(
    problems[1].startsWith(
      `listen[1].tls: ${files.certFile} and ${keyFile} are not a certificate and its key: `,
    ),
  )
})

t.test('every problem is told at once: of settings and of files', async (t) => {
  const error = await Relay.start(
    {
      headMs: -5,
      colour: 'red',
      listen: [
        { host: '127.0.0.1', tls: { certFile: '/nowhere/tls.crt', keyFile: '/nowhere/tls.key' } },
        { host: '127.0.0.1', port: 70_000, tls: { certFile: '' } },
      ],
    } as RelayOptions,
    REPLY,
  ).catch((error: unknown) => error)
  t.ok(error instanceof ConfigurationError)
  t.match((error as Error).message.split('\n'), [
    'headMs is -5: it must be a whole number of ms from 1 to 86400000',
    /^colour is not an option: known are /,
    'listen[1].port is 70000: it must be a port number from 0 to 65535',
    'listen[1].tls.certFile is "": it must be the path of a PEM file',
    'listen[1].tls.keyFile is "": it must be the path of a PEM file',
    /^listen\[0\]\.tls: the certificate file \/nowhere\/tls\.crt cannot be read/,
  ])
})

// ── the cap on connections ────────────────────────────────────────────────────────────────────────────────────────

t.test('a connection beyond connectionsMax gets a clear answer, and the others go on', async (t) => {
  const rig = await Rig.start(t, { relay: { connectionsMax: 2 }, serve: answering(() => response('ok')) })
  const [one, two] = [await rig.connect(), await rig.connect()]
  for (const client of [one, two]) {
    client.sends(get())
    t.match(await client.readsMessage(), { status: 200 })
  }
  for (const request of [
    get(),
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`,
    '',
  ]) {
    const third = await rig.connect()
    third.sends(request)
    const answer = await third.readsMessage()
    t.equal(answer.status, 503)
    t.equal(answer.body, 'too many connections\n')
    for (const field of [
      'Proxy-Status: pilotlight; error=connection_limit_reached',
      'Retry-After: 1',
      'Connection: close',
    ]) {
      t.ok(answer.fields.includes(field), field)
    }
    t.equal(await third.ending(), 'end', 'not a reset, which could swallow the answer')
    third.closes()
  }
  t.equal(rig.relay.connections, 2)
  t.equal(rig.begun.count, 2, 'nobody was asked')
  one.sends(get())
  t.match(await one.readsMessage(), { status: 200 })
  two.closes()
  await until('there is room again', () => rig.relay.connections === 1)
  const next = await rig.connect()
  next.sends(get())
  t.match(await next.readsMessage(), { status: 200 })
})

t.test('who is turned away is told to the owner', async (t) => {
  const refused = new Events<string>('a connection is refused')
  const relay = await Relay.start({ listen: [{ host: '127.0.0.1' }], connectionsMax: 1 }, REPLY, {
    onConnectionRefused: (address) => refused.push(address),
  })
  t.teardown(() => relay.destroy())
  const one = await Peer.connect(relay.ports[0])
  const two = await Peer.connect(relay.ports[0])
  t.equal(await refused.next(), '127.0.0.1')
  one.closes()
  two.closes()
})

t.test('a client that was turned away and stays, or goes on sending, is closed after lingerMs', async (t) => {
  const relay = await started(t, { listen: [{ host: '127.0.0.1' }], connectionsMax: 1, lingerMs: 100 })
  const first = await Peer.connect(relay.ports[0])
  const stays = await Peer.connect(relay.ports[0])
  const sends = await Peer.connect(relay.ports[0])
  const pump = setInterval(() => sends.sends('x'), 5)
  t.teardown(() => clearInterval(pump))
  for (const client of [stays, sends]) t.equal((await client.readsMessage()).status, 503)
  await sends.closed()
  stays.ends()
  await stays.closed()
  t.equal(relay.connections, 1)
  first.closes()
})

t.test('no more than a thousand are answered at a time; then they are closed', async (t) => {
  const relay = await started(t, { listen: [{ host: '127.0.0.1' }], connectionsMax: 1 })
  const first = await Peer.connect(relay.ports[0])
  const clients: Peer[] = []
  t.teardown(() => clients.forEach((client) => client.closes()))
  for (let i = 0; i < 1000; i++) clients.push(await Peer.connect(relay.ports[0]))
  t.equal((await clients.at(-1)!.readsMessage()).status, 503)
  const beyond = await Peer.connect(relay.ports[0])
  await within('it is closed', beyond.ending())
  t.equal(beyond.unread, '')
  beyond.closes()
  first.closes()
})
