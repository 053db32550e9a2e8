import { Socket } from 'node:net'
import t from 'tap'
import { Attempt } from '../src/attempt.ts'
import { FakeClock } from './support/fake-clock.ts'
import { dial } from '../src/dial.ts'
import { freePort } from '../../../test/support/probed-apps.ts'

t.test('a connection to itself says that nobody listens', async (t) => {
  const port = await freePort()
  // The system may give a connection the port it goes to, once in some ten thousand times; here it always does.
  const prototype = Socket.prototype as unknown as { connect: (...target: unknown[]) => Socket }
  const { connect } = prototype
  t.teardown(() => (prototype.connect = connect))
  prototype.connect = function (this: Socket, target: unknown, host: unknown) {
    return connect.call(this, { port: target, host, localPort: target, localAddress: '127.0.0.1' })
  }
  t.match(await dial('127.0.0.1', String(port), 'app', new Attempt(1000, new FakeClock())), {
    text: 'dial tcp app: connect: connection refused',
    isRefused: true,
  })
})
