// Tells the time, once each INTERVAL_MS, as server-sent events.
import { createServer } from 'node:http'

const intervalMs = Number(process.env.INTERVAL_MS ?? 1000)

const server = createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  let id = 0
  const tell = () => response.write(`id: ${++id}\ndata: ${new Date().toISOString()}\n\n`)
  tell()
  const timer = setInterval(tell, intervalMs)
  // A client that leaves is noticed through both proxies.
  response.on('close', () => {
    clearInterval(timer)
    console.log(`a client left after ${id} events`)
  })
})

server.listen(Number(process.env.PORT ?? 8080))
process.on('SIGTERM', () => process.exit(0))
