import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * An application in a process of its own, which a test can stop, continue and kill. It says where it listens in the words of a service's
 * log. `/stream` begins an answer and never ends it.
 */
const server = createServer((request, response) => {
  request.resume()
  if (request.url === '/stream') response.writeHead(200).write('a beginning')
  else response.end(`answered by ${process.pid}\n`)
})
server.listen({ host: '127.0.0.1', port: Number(process.env['APP_PORT'] ?? 0) }, () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ message: 'Starting the app', ports: { http1: port } })}\n`)
})
