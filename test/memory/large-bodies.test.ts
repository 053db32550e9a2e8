import { connect } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { MIB, reads, RelayProcess, serving, writes } from './support/processes.ts'

const BODY_BYTES = 2 * 1024 * MIB
/** What the relay's process may grow by at its peak, whatever the size of the body. */
const GROWTH_MAX_BYTES = {
  /** Responses are read into one buffer over and over. */
  download: 64 * MIB,
  /** Requests come in buffers that the runtime makes; it collects them when some 64 MiB are garbage. */
  upload: 128 * MIB,
}
const BURST_BYTES = 4 * MIB
const PAUSES = 40
const PAUSE_MS = 40

const shown = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`

/** One small exchange, so that what is loaded and compiled once does not count. */
async function warmsUp(relay: RelayProcess): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const socket = connect({ host: '127.0.0.1', port: relay.port })
    socket.write('GET /small HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n')
    socket.resume()
    await once(socket, 'close')
  }
}

t.test('a response of 2 GB to a slow reader takes bounded memory', async (t) => {
  const originPort = await serving(t, (socket) => {
    socket.on('data', (chunk: Buffer) => {
      const size = chunk.includes('/small') ? 1000 : BODY_BYTES
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      writes(socket, size, () => {})
    })
  })
  const relay = await RelayProcess.start(t, originPort)
  await warmsUp(relay)
  const before = await relay.memory()
  const client = connect({ host: '127.0.0.1', port: relay.port })
  client.write('GET /large HTTP/1.1\r\nHost: a.test\r\n\r\n')
  const [head] = (await once(client, 'data')) as [Buffer]
  const headLength = head.indexOf('\r\n\r\n') + 4
  const wanted = BODY_BYTES - (head.length - headLength)
  const startedAt = performance.now()
  const count = await reads(client, wanted, BURST_BYTES, PAUSES, PAUSE_MS)
  const seconds = (performance.now() - startedAt) / 1000
  t.equal(count, wanted, 'every byte arrived')
  const after = await relay.memory()
  const growth = after.peak - before.rss
  t.comment(`${shown(before.rss)} before, ${shown(after.peak)} at the peak, ${seconds.toFixed(1)} s`)
  t.ok(growth < GROWTH_MAX_BYTES.download, `grew by ${shown(growth)}`)
  client.destroy()
})

for (const [what, size] of [
  ['2 GB with a length', BODY_BYTES],
  ['512 MB in chunks', BODY_BYTES / 4],
] as const) {
  t.test(`an upload of ${what} to a slow application takes bounded memory`, async (t) => {
    const isChunked = what.endsWith('in chunks')
    const originPort = await serving(t, (socket) => {
      socket.once('data', (first: Buffer) => {
        if (first.includes('/small')) {
          socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
          return
        }
        const wanted = isChunked ? Infinity : size - (first.length - first.indexOf('\r\n\r\n') - 4)
        void reads(socket, wanted, BURST_BYTES, PAUSES, PAUSE_MS).then((count) => {
          const body = isChunked ? `${count > size - MIB}` : `${count === wanted}`
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
        })
      })
    })
    const relay = await RelayProcess.start(t, originPort)
    await warmsUp(relay)
    const before = await relay.memory()
    const client = connect({ host: '127.0.0.1', port: relay.port })
    const startedAt = performance.now()
    const answered = once(client, 'data') as Promise<[Buffer]>
    if (isChunked) {
      client.write('POST /large HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n')
      const block = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(MIB, 'x'), Buffer.from('\r\n')])
      for (let sent = 0; sent < size; sent += MIB) if (!client.write(block)) await once(client, 'drain')
      client.write('0\r\n\r\n')
    } else {
      client.write(`POST /large HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${size}\r\n\r\n`)
      writes(client, size, () => {})
    }
    const [answer] = await answered
    const seconds = (performance.now() - startedAt) / 1000
    t.match(answer.toString(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\ntrue$/, 'every byte arrived')
    const after = await relay.memory()
    const growth = after.peak - before.rss
    t.comment(`${shown(before.rss)} before, ${shown(after.peak)} at the peak, ${seconds.toFixed(1)} s`)
    t.ok(growth < GROWTH_MAX_BYTES.upload, `grew by ${shown(growth)}`)
    client.destroy()
  })
}
