/** The floor: joins two sockets and understands nothing. No Node proxy that reads HTTP can be cheaper. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { announce, originPort } from '../announce.ts'

const port = originPort()

function join(from: Socket, to: Socket): void {
  from.on('data', (bytes) => {
    if (!to.write(bytes)) from.pause()
  })
  to.on('drain', () => from.resume())
  from.on('end', () => to.end())
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
}

const server = createServer({ noDelay: true, allowHalfOpen: true }, (downstream) => {
  const upstream = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  join(downstream, upstream)
  join(upstream, downstream)
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  void announce((server.address() as AddressInfo).port)
})
