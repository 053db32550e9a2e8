// Brings one CloudEvent to the receiver, again and again until it is answered with success.
import { request } from 'node:http'

const url = new URL(process.env.EVENTS_URL ?? 'http://127.0.0.1:8080')
const host = process.env.EVENTS_HOST ?? 'events.default.localhost'
const PAUSE_MAX_MS = 5000

export async function deliver(event) {
  for (let pauseMs = 100; ; pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2)) {
    try {
      const status = await post(JSON.stringify(event))
      if (status < 300) return
      // What is wrong with the event does not become right.
      if (status >= 400 && status < 500 && status !== 408 && status !== 429)
        throw Object.assign(new Error(`the event was answered with ${status}`), { isFinal: true })
    } catch (error) {
      if (error.isFinal) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

function post(body) {
  return new Promise((resolve, reject) => {
    const headers = { host, 'content-type': 'application/cloudevents+json' }
    const sent = request(url, { method: 'POST', headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

export function eventOf(id, data) {
  return { specversion: '1.0', id: String(id), source: '/examples/sender', type: 'example.made', data }
}
