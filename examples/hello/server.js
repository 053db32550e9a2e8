// Says hello. The port to listen on is in PORT; nothing else is asked of an app.
import { createServer } from 'node:http'

const target = process.env.TARGET ?? 'World'

const server = createServer((request, response) => {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(`Hello ${target}!\n`)
})

server.listen(Number(process.env.PORT ?? 8080))
// Finish what is under way, then end.
process.on('SIGTERM', () => server.close())
