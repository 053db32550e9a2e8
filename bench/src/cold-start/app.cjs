'use strict'
// The smallest app that a probe can find ready. It says when listen() called back, by the clock all processes share. Not
// TypeScript, so that it starts as fast as it can.
const { createServer } = require('node:net')

const ANSWER =
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'

const server = createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', () => socket.end(ANSWER))
})
server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  process.stdout.write(`${process.hrtime.bigint()}\n`)
})
