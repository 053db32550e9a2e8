// One room: what somebody says, everybody hears.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const server = createServer((request, response) => response.end('say something over WebSocket\n'))
const room = new WebSocketServer({ server, maxPayload: 64 * 1024 })

room.on('connection', (socket) => {
  const tell = (text) => room.clients.forEach((other) => other.send(text))
  tell(`somebody came; ${room.clients.size} are here`)
  socket.on('message', (data) => tell(String(data)))
  socket.on('close', () => tell(`somebody left; ${room.clients.size} are here`))
  socket.on('error', (error) => console.log(error.message))
})

server.listen(Number(process.env.PORT ?? 8080))
process.on('SIGTERM', () => {
  // 1001: going away. Clients of any worth connect again.
  for (const socket of room.clients) socket.close(1001)
  server.close()
})
