import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { FreePorts } from '../../src/local/processes/free-ports.ts'

t.test('a port is free, and no other is handed out twice before its release', async (t) => {
  const ports = new FreePorts()
  const taken = await Promise.all(Array.from({ length: 200 }, () => ports.take()))
  t.equal(new Set(taken).size, 200)
  t.ok(
    taken.every((port) => port < 32_768),
    'none that the system may give to somebody else meanwhile',
  )
  for (const port of taken.slice(0, 5)) {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
  }
  for (const port of taken) ports.release(port)
  t.ok((await ports.take()) > 0)
})
