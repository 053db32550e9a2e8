import { Relay } from '@pilotlight/relay'

/** A relay in a process of its own, so that its memory is its own. Talks over the IPC channel of `fork`. */

const [port] = process.argv.slice(2).map(Number)
const relay = await Relay.start(
  { listen: [{ host: '127.0.0.1', port: 0 }], keepAliveMs: 0 },
  {
    onRequest: (exchange) => exchange.forward(endpoint),
    onResponse: () => {},
    onFailure: () => false,
    onDone: () => {},
  },
)
const endpoint = relay.endpoint({ host: '127.0.0.1', port: port })

process.on('message', () => {
  // What is garbage by now is not what the test asks about.
  globalThis.gc?.()
  process.send!({
    connections: relay.connections,
    rss: process.memoryUsage.rss(),
    peak: process.resourceUsage().maxRSS * 1024,
    heap: process.memoryUsage().heapUsed,
  })
})
process.on('disconnect', () => process.exit())
process.send!({ port: relay.ports[0] })
