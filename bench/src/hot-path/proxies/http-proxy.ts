/** `node:http` and http-proxy 1.18, what most Node gateways are built on, with a keep-alive agent. */
import type { AddressInfo } from 'node:net'
import type { ServerResponse } from 'node:http'
import httpProxy from 'http-proxy'
import { announce, originPort } from '../announce.ts'

const http = process.getBuiltinModule('node:http')
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 4096 })
const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${originPort()}`, agent })
proxy.on('error', (_error, _request, response) => {
  const answer = response as ServerResponse
  if (!answer.headersSent) answer.writeHead(502)
  answer.end()
})

const server = http.createServer((request, response) => proxy.web(request, response))
server.keepAliveTimeout = 0
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  void announce((server.address() as AddressInfo).port)
})
