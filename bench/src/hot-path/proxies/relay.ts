/**
 * Our relay as a sidecar uses it: a slot check before the request goes on, in-flight metering, and the header edits of
 * Knative's queue-proxy (X-Forwarded-For, Forwarded, activator headers pruned).
 */
import { type Exchange, type ExchangeHandler, Relay } from '@pilotlight/relay'
import type { ResponseHead } from '@pilotlight/http1'
import { announce, isH2c, originPort } from '../announce.ts'

/** More than the largest case needs: the check is paid for, and turns nobody away. */
const SLOTS = 100_000

class Sidecar implements ExchangeHandler {
  /** What a scrape would read. */
  requests = 0
  concurrencyMs = 0
  #inFlight = 0
  #lastChange = performance.now()

  onRequest(exchange: Exchange): void {
    this.#integrate()
    this.#inFlight++
    this.requests++
    if (this.#inFlight > SLOTS) {
      exchange.reply(503, '', 'pending request queue full\n', 'refused')
      return
    }
    const { request } = exchange
    request.remove('k-original-host')
    request.remove('knative-serving-namespace')
    request.remove('knative-serving-revision')
    const forwardedFor = request.get('x-forwarded-for')
    request.set('X-Forwarded-For', forwardedFor === undefined ? '127.0.0.1' : `${forwardedFor}, 127.0.0.1`)
    exchange.forward(endpoint)
  }

  onResponse(_exchange: Exchange, head: ResponseHead): void {
    head.remove('x-powered-by')
  }

  onFailure(): boolean {
    return false
  }

  onDone(): void {
    this.#integrate()
    this.#inFlight--
  }

  #integrate(): void {
    const now = performance.now()
    this.concurrencyMs += this.#inFlight * (now - this.#lastChange)
    this.#lastChange = now
  }
}

const relay = await Relay.start({ listen: [{ host: '127.0.0.1', port: 0 }] }, new Sidecar())
const protocol = isH2c() ? 'h2' : 'http1'
const endpoint = relay.endpoint({ host: '127.0.0.1', port: originPort(), protocol }, { idleMax: 4096 })
void announce(relay.ports[0])
