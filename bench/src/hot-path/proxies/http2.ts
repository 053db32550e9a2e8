/** `node:http2` on both sides, streams piped: the baseline for h2c, as few sessions upstream as there are streams for. */
import type { AddressInfo } from 'node:net'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { announce, originPort } from '../announce.ts'

const http2 = process.getBuiltinModule('node:http2')
const session = http2.connect(`http://127.0.0.1:${originPort()}`)
session.on('error', () => process.exit(1))

const server = http2.createServer()
server.on('sessionError', () => {})
server.on('stream', (downstream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
  const isBodyless = headers[':method'] === 'GET'
  const upstream = session.request(headers, { endStream: isBodyless })
  upstream.on('response', (fields) => {
    if (!downstream.destroyed) downstream.respond(fields)
  })
  upstream.on('error', () => downstream.close(http2.constants.NGHTTP2_INTERNAL_ERROR))
  downstream.on('error', () => upstream.close(http2.constants.NGHTTP2_CANCEL))
  if (!isBodyless) downstream.pipe(upstream)
  upstream.pipe(downstream)
})
server.listen(0, '127.0.0.1', () => void announce((server.address() as AddressInfo).port))
