import { Server, ServerCredentials } from '@grpc/grpc-js'
import { greeter } from './contract.js'

const server = new Server()
server.addService(greeter, {
  hello: (call, answer) => answer(null, { text: `Hello ${call.request.name || 'World'}!` }),
  count(call) {
    for (let i = 1; i <= Math.min(call.request.count, 1000); i++) call.write({ text: `${i}` })
    call.end()
  },
})

server.bindAsync(`127.0.0.1:${process.env.PORT ?? 8080}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error
})
process.on('SIGTERM', () => server.tryShutdown(() => process.exit(0)))
