import { spawnSync } from 'node:child_process'
import t from 'tap'
import { message, RelayProcess, serving, start } from './support/processes.ts'

const CONNECTIONS = 10_000
const CLIENT_PROCESSES = 2
/** What one idle keep-alive connection may cost the relay's process. */
const CONNECTION_MAX_BYTES = 12 * 1024
/** Beside the connections: the pool, pipes, files of the runtime. */
const OTHER_FILES = 500

const limit = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout.trim()
const isEnough = limit === 'unlimited' || Number(limit) >= CONNECTIONS + OTHER_FILES

t.test(
  'ten thousand idle keep-alive connections take bounded memory each',
  isEnough ? {} : { skip: `ulimit -n is ${limit}, which cannot hold ${CONNECTIONS} connections` },
  async (t) => {
    const originPort = await serving(t, (socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nHello world!'))
    })
    const relay = await RelayProcess.start(t, originPort)
    const opens = async (count: number): Promise<void> => {
      const { open } = await message<{ open: number }>(start(t, 'clients-process.ts', relay.port, count))
      t.equal(open, count)
    }
    // The first ones pay for what is loaded, compiled and pooled once.
    await opens(500)
    const before = await relay.memory()
    await Promise.all(Array.from({ length: CLIENT_PROCESSES }, () => opens(CONNECTIONS / CLIENT_PROCESSES)))
    const after = await relay.memory()
    t.equal(after.connections - before.connections, CONNECTIONS)
    const perConnection = (after.rss - before.rss) / CONNECTIONS
    const heap = (after.heap - before.heap) / CONNECTIONS
    t.comment(
      `${perConnection.toFixed(0)} bytes of RSS per connection, ${heap.toFixed(0)} of them on the heap`,
    )
    t.ok(perConnection < CONNECTION_MAX_BYTES, `${perConnection.toFixed(0)} bytes per connection`)
  },
)
