// Listens at once, and is of use only after START_MS: what a big cache or a model that has to be loaded is like.
import { createServer } from 'node:http'

const startedAt = Date.now()
const startMs = Number(process.env.START_MS ?? 3000)
const isWarm = () => Date.now() - startedAt >= startMs

const server = createServer((request, response) => {
  if (request.url === '/live') return response.end('alive\n')
  if (!isWarm()) return response.writeHead(503).end('not warm yet\n')
  response.end(request.url === '/' ? `warm after ${startMs} ms\n` : 'ok\n')
})

server.listen(Number(process.env.PORT ?? 8080))
process.on('SIGTERM', () => server.close())
