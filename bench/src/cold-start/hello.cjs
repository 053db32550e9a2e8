'use strict'
// A hello service as people write it, which says when it listened and when it was connected to for a request, by the clock all processes
// share.
const { createServer } = require('node:http')

let listenedAt = 0n
const server = createServer(({ socket }, response) => {
  response.end(JSON.stringify({ listenedAt: `${listenedAt}`, askedAt: `${socket.openedAt}` }))
})
server.on('connection', (socket) => {
  socket.openedAt = process.hrtime.bigint()
})
server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  listenedAt = process.hrtime.bigint()
  process.stdout.write(`${listenedAt}\n`)
})
