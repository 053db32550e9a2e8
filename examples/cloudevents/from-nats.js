// node from-nats.js: brings what comes to a stream of NATS JetStream to the receiver. A message is acknowledged only once the receiver has
// the event, so one that is under way when this ends is brought again.
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { deliver, eventOf } from './deliver.js'

const SUBJECT = 'examples.events'
const STREAM = 'EXAMPLES'
const CONSUMER = 'pilotlight'

const nats = await connect({ servers: process.env.NATS_URL ?? '127.0.0.1:4222' })
const manager = await jetstreamManager(nats)
await manager.streams.add({ name: STREAM, subjects: [SUBJECT] })
await manager.consumers.add(STREAM, {
  durable_name: CONSUMER,
  ack_policy: 'explicit',
  // What is not acknowledged for so long is brought again, ns.
  ack_wait: 10e9,
  max_ack_pending: 20,
})

const consumer = await jetstream(nats).consumers.get(STREAM, CONSUMER)
const messages = await consumer.consume({ max_messages: 20 })
process.on('SIGTERM', () => void messages.close().then(() => nats.drain()))
console.log('listening to NATS')
for await (const message of messages) {
  // A cold start may take longer than NATS waits for an acknowledgement.
  const working = setInterval(() => message.working(), 3000)
  void deliver(eventOf(`nats-${message.seq}`, message.json()))
    .then(() => message.ackAck())
    .catch((error) => message.term(error.message))
    .finally(() => clearInterval(working))
}
