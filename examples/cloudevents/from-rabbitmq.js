// node from-rabbitmq.js: brings what comes to a queue of RabbitMQ to the receiver. A message is acknowledged only once the receiver has the
// event, so one that is under way when this ends is brought again, by the same id.
import { connect } from 'amqplib'
import { deliver, eventOf } from './deliver.js'

const QUEUE = 'examples.events'

const connection = await connect(process.env.RABBITMQ_URL ?? 'amqp://127.0.0.1')
const channel = await connection.createChannel()
await channel.assertQueue(QUEUE, { durable: true })
await channel.prefetch(20)
process.on('SIGTERM', () => void channel.close().then(() => connection.close()))
await channel.consume(QUEUE, (message) => {
  if (message === null) return
  void deliver(eventOf(message.properties.messageId, JSON.parse(message.content)))
    .then(() => channel.ack(message))
    .catch((error) => {
      console.log(error.message)
      channel.reject(message, false)
    })
})
console.log('listening to RabbitMQ')
