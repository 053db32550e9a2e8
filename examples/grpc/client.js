// node client.js [host:port] [authority]
import { Client, credentials } from '@grpc/grpc-js'
import { greeter } from './contract.js'

const [address = '127.0.0.1:8080', authority = 'greeter.default.localhost'] = process.argv.slice(2)
const client = new Client(address, credentials.createInsecure(), { 'grpc.default_authority': authority })

const { path, requestSerialize, responseDeserialize } = greeter.hello
client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { name: 'gRPC' }, (error, reply) => {
  if (error !== null) throw error
  console.log(reply.text)
  const count = greeter.count
  client
    .makeServerStreamRequest(count.path, count.requestSerialize, count.responseDeserialize, { count: 3 })
    .on('data', ({ text }) => console.log(text))
    .on('end', () => client.close())
})
