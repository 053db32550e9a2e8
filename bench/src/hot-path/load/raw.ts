/** Ready-made bytes over N sockets, one request at a time on each: for the chunked upload, which autocannon cannot send. */
import { connect, type Socket } from 'node:net'
import { UPLOAD_BYTES } from '../cases.ts'
import type { LoadOrder } from './driver.ts'
import { LatencyRecorder } from './latency.ts'

const CHUNKS = 4
const chunk = 'x'.repeat(UPLOAD_BYTES / CHUNKS)
const order = JSON.parse(process.argv[2]) as LoadOrder
const request = Buffer.from(
  `POST ${order.shape.path} HTTP/1.1\r\nHost: bench\r\nTransfer-Encoding: chunked\r\n\r\n` +
    `${chunk.length.toString(16)}\r\n${chunk}\r\n`.repeat(CHUNKS) +
    '0\r\n\r\n',
)
const latency = new LatencyRecorder(order.warmupSeconds)
const sockets: Socket[] = []
let errors = 0
let isOver = false

function open(): void {
  const socket = connect({ port: order.port, host: '127.0.0.1', noDelay: true })
  let sentAt = 0
  let answer = ''
  const send = (): void => {
    sentAt = performance.now()
    answer = ''
    socket.write(request)
  }
  socket.on('connect', send)
  socket.on('data', (bytes) => {
    answer += bytes.toString('latin1')
    // every answer is a head and 12 bytes, with a length or as one chunk
    if (!/\r\n\r\n(c\r\n)?received4096(\r\n0\r\n\r\n)?$/i.test(answer)) return
    if (!answer.startsWith('HTTP/1.1 200 ')) errors++
    latency.record(performance.now() - sentAt)
    if (!isOver) send()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    if (!isOver) errors++
  })
  sockets.push(socket)
}

for (let i = 0; i < order.connections; i++) open()
function finish(): void {
  clearTimeout(timer)
  isOver = true
  for (const socket of sockets) socket.destroy()
  process.stdout.write(JSON.stringify(latency.result(errors, `${errors} connections or answers broken`)))
}

const timer = setTimeout(finish, order.seconds * 1000)
process.on('SIGTERM', finish)
