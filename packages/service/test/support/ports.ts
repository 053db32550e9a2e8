import type { Exchange, Relay } from '@pilotlight/relay'
import type { Test } from 'tap'
import { Answers } from '../../src/answers.ts'
import { openServicePort } from '../../src/service-port.ts'

const http = process.getBuiltinModule('node:http')

/** An answer, its body read. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** A port on loopback that answers as the test says, under the name `one`. */
export async function openPort(t: Test, answer: (exchange: Exchange) => void): Promise<number> {
  return opened(t, await openServicePort({ host: '127.0.0.1', port: 0 }, ONE.proxyName, answer))
}

/** Closes `relay` with the test. Returns its port. */
export function opened(t: Test, relay: Relay): number {
  t.teardown(() => relay.destroy())
  return relay.ports[0]
}

/** Answers of a service called `one`. */
export const ONE: Answers = new Answers('one')

/** Sends a request on a connection of its own and reads its answer. */
export function fetchFrom(port: number, path = '/', method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path, method, agent: false }, (response) => {
      let body = ''
      response.setEncoding('latin1')
      response.on('data', (text: string) => (body += text))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    request.on('error', reject)
    request.end()
  })
}
