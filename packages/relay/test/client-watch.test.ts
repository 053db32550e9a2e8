import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { endianness } from 'node:os'
import t, { type Test } from 'tap'
import { ClientWatch, readConnections, tableKey, type Unread } from '../src/client-watch.ts'
import { Events } from './support/events.ts'
import { turns, until } from './support/within.ts'

const isLinux = process.platform === 'linux'
const ONLY_LINUX = isLinux ? false : 'only Linux has the table'
const ONLY_LITTLE_ENDIAN = endianness() === 'LE' ? false : 'the sample is from a little-endian machine'

const IPV4_TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 626603 1 000000002ff34d6a 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 626604 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:1F90 0100007F:C351 08 00000000:00000001 00:00000000 00000000     0        0 626605 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:1F90 0200000A:C352 04 00000000:00000000 00:00000000 00000000     0        0 626606 1 0000000000000000 20 4 30 10 -1
   4: 0100007F:1F90 0200000A:C353 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0000000000000000
`
const IPV6_TABLE = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:C354 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 20 4 30 10 -1
   1: 00000000000000000000000001000000:1F90 00000000000000000000000001000000:C355 05 00000000:00000000 00:00000000 00000000     0        0 1 1 0 20 4 30 10 -1
   2: B80D0120000000000000000001000000:1F90 B80D0120000000000000000002000000:C356 09 00000000:00000000 00:00000000 00000000     0        0 1 1 0 20 4 30 10 -1
`

t.test('the tables say whose other side can still send', { skip: ONLY_LITTLE_ENDIAN }, async (t) => {
  t.strictSame(
    [...readConnections(IPV4_TABLE + IPV6_TABLE)].filter(([key]) => !key.startsWith('local')),
    [
      ['1F90:00000000:0000', false], // listening
      ['1F90:0100007F:C350', true], // established
      ['1F90:0100007F:C351', false], // the other side has ended
      ['1F90:0200000A:C352', true], // we have ended, they may still send
      ['1F90:0200000A:C353', false], // over
      ['1F90:0100007F:C354', true], // IPv4 through an IPv6 socket
      ['1F90:00000000000000000000000001000000:C355', true],
      ['1F90:B80D0120000000000000000002000000:C356', false],
    ],
  )
  t.equal(readConnections('').size, 0)
  t.equal(readConnections('garbage\n\n 1: 2').size, 0)
})

t.test('of two connections with the same key the one that is open decides', async (t) => {
  const lines = ['0: 0100007F:1F90 0300000A:C350 01 x', '1: 0200007F:1F90 0300000A:C350 08 x']
  for (const table of [lines.join('\n'), lines.toReversed().join('\n')]) {
    t.strictSame([...readConnections(table)], [['1F90:0300000A:C350', true]])
  }
})

t.test('a socket has the key that the table has', { skip: ONLY_LITTLE_ENDIAN }, async (t) => {
  const keyOf = (remoteAddress: string | undefined): string =>
    tableKey({ localPort: 8080, remotePort: 50_000, remoteAddress } as Socket)
  t.equal(keyOf('127.0.0.1'), '1F90:0100007F:C350')
  t.equal(keyOf('::ffff:127.0.0.1'), '1F90:0100007F:C350')
  t.equal(keyOf('::1'), '1F90:00000000000000000000000001000000:C350')
  t.equal(keyOf('2001:db8::2'), '1F90:B80D0120000000000000000002000000:C350')
  t.equal(keyOf('2001:db8:1:2:3:4:5:6'), '1F90:B80D0120020001000400030006000500:C350')
  t.equal(keyOf('fe80::1%eth0'), '1F90:000080FE000000000000000001000000:C350')
  t.equal(keyOf('1::'), '1F90:00000100000000000000000000000000:C350')
  t.equal(keyOf('64:ff9b::1.2.3.4'), '', 'what cannot be told is not guessed')
  t.equal(keyOf('garbage'), '')
  t.equal(keyOf(undefined), 'gone')
})

/** An accepted connection and its client. */
async function connection(
  t: Test,
  listenHost: string,
  host: string,
): Promise<{ accepted: Socket; client: Socket } | null> {
  const server = createServer({ allowHalfOpen: true })
  t.teardown(() => server.close())
  server.listen({ host: listenHost, port: 0 })
  try {
    await once(server, 'listening')
  } catch {
    return null
  }
  const { port } = server.address() as AddressInfo
  const client = connect({ host, port, allowHalfOpen: true })
  t.teardown(() => client.destroy())
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ]
  t.teardown(() => accepted.destroy())
  accepted.on('error', () => {})
  client.on('error', () => {})
  return { accepted, client }
}

const tables = (): string =>
  readFileSync('/proc/self/net/tcp', 'latin1') + readFileSync('/proc/self/net/tcp6', 'latin1')

t.test('real connections are found in the real table', { skip: ONLY_LINUX }, async (t) => {
  for (const [listenHost, host] of [
    ['127.0.0.1', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['::1', '::1'],
  ] as const) {
    const pair = await connection(t, listenHost, host)
    if (pair === null) {
      t.comment(`no ${listenHost} on this machine`)
      continue
    }
    const key = tableKey(pair.accepted)
    t.equal(readConnections(tables()).get(key), true, `${host} on ${listenHost}: ${key}`)
    pair.accepted.pause()
    pair.client.end()
    await until('the end is in the table', () => readConnections(tables()).get(key) === false)
    pair.client.destroy()
  }
})

class Watched implements Unread {
  readonly socket: Socket
  readonly mayHalfClose: boolean
  readonly closes = new Events<boolean>('the client is seen to leave')

  constructor(socket: Socket, mayHalfClose = false) {
    this.socket = socket
    this.mayHalfClose = mayHalfClose
    socket.pause()
  }

  onUnreadClose(): void {
    this.closes.push(true)
  }
}

/** The looks keep no process alive. */
function stayAlive(t: Test): void {
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
}

t.test('a client that ends or resets is seen although nobody reads', { skip: ONLY_LINUX }, async (t) => {
  stayAlive(t)
  const watch = new ClientWatch()
  for (const how of ['ends', 'resets'] as const) {
    const { accepted, client } = (await connection(t, '127.0.0.1', '127.0.0.1'))!
    const stays = new Watched((await connection(t, '127.0.0.1', '127.0.0.1'))!.accepted)
    const leaves = new Watched(accepted)
    watch.add(leaves)
    watch.add(stays)
    client.write('unread')
    if (how === 'ends') client.end()
    else client.resetAndDestroy()
    await leaves.closes.next()
    t.equal(watch.size, 1, 'it is watched no more')
    t.equal(stays.closes.count, 0)
    watch.remove(stays)
  }
  t.equal(watch.size, 0)
})

t.test('an end is nothing where each direction ends for itself', { skip: ONLY_LINUX }, async (t) => {
  stayAlive(t)
  const watch = new ClientWatch()
  const tunnel = (await connection(t, '127.0.0.1', '127.0.0.1'))!
  const other = (await connection(t, '127.0.0.1', '127.0.0.1'))!
  const [mayEnd, mayNot] = [new Watched(tunnel.accepted, true), new Watched(other.accepted)]
  watch.add(mayEnd)
  tunnel.client.end()
  // A second one shows that looks were made.
  watch.add(mayNot)
  other.client.end()
  await mayNot.closes.next()
  await turns()
  t.equal(mayEnd.closes.count, 0)
  tunnel.client.resetAndDestroy()
  await mayEnd.closes.next()
})

t.test('a connection that one look does not find is not taken as gone', { skip: ONLY_LINUX }, async (t) => {
  stayAlive(t)
  const { accepted } = (await connection(t, '127.0.0.1', '127.0.0.1'))!
  const key = tableKey(accepted)
  const looks = new Events<number>('a look')
  const listed = [readFileSync('/proc/self/net/tcp', 'latin1'), '']
  const hidden = [listed[0].replaceAll(`:${key.slice(-4)} 01`, ':0000 01'), '']
  t.not(hidden[0], listed[0])
  /** The table as the kernel may tell it: every other time without our connection. */
  const readFile = (path: string, _: string, then: (error: null, text: string) => void): void => {
    const isSecond = path.endsWith('6')
    if (!isSecond) looks.push(1)
    setImmediate(then, null, (looks.count % 2 === 1 ? hidden : listed)[isSecond ? 1 : 0])
  }
  const { ClientWatch: Watch } = await t.mockImport<typeof import('../src/client-watch.ts')>(
    '../src/client-watch.ts',
    {
      'node:fs': t.createMock(await import('node:fs'), { readFile }),
    },
  )
  const watch = new Watch()
  const watched = new Watched(accepted)
  watch.add(watched)
  await looks.reaches(5)
  await turns()
  t.equal(watched.closes.count, 0)
  watch.remove(watched)
})
