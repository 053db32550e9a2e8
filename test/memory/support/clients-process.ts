import { connect, type Socket } from 'node:net'

/** Opens connections that make one request each and then stay idle, until the parent is gone. */

const [port, count] = process.argv.slice(2).map(Number)
const AT_ONCE = 100
const REQUEST = 'GET / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: memory/1.0\r\nAccept: */*\r\n\r\n'
const open: Socket[] = []

function openOne(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: port })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('a connection was closed')))
    socket.once('data', () => resolve())
    socket.write(REQUEST)
    open.push(socket)
  })
}

async function openMany(): Promise<void> {
  while (open.length < count) await openOne()
}

process.on('disconnect', () => process.exit())
await Promise.all(Array.from({ length: AT_ONCE }, openMany))
process.send!({ open: open.length })
