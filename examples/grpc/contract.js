// greeter.proto as @grpc/grpc-js wants it: paths, and how messages become bytes.
import protobuf from 'protobufjs'

const proto = protobuf.loadSync(new URL('greeter.proto', import.meta.url).pathname)

function method(name, request, response, responseStream) {
  const [from, to] = [proto.lookupType(request), proto.lookupType(response)]
  return {
    path: `/example.Greeter/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: (message) => Buffer.from(from.encode(from.create(message)).finish()),
    requestDeserialize: (bytes) => from.decode(bytes),
    responseSerialize: (message) => Buffer.from(to.encode(to.create(message)).finish()),
    responseDeserialize: (bytes) => to.decode(bytes),
  }
}

export const greeter = {
  hello: method('Hello', 'example.HelloRequest', 'example.HelloReply', false),
  count: method('Count', 'example.CountRequest', 'example.HelloReply', true),
}
