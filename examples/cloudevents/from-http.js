// node from-http.js COUNT: sends that many events, and ends when the receiver has all of them.
import { deliver, eventOf } from './deliver.js'

const count = Number(process.argv[2] ?? 10)
await Promise.all(Array.from({ length: count }, (_, i) => deliver(eventOf(i + 1, { number: i + 1 }))))
console.log(`${count} events were taken`)
