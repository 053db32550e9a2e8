// Takes CloudEvents over HTTP, in binary and in structured mode, and answers only once an event is in its journal on the disk: a sender
// that got no 204 sends again, and an event that comes twice is written once.
import { open, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const file = process.env.JOURNAL ?? join(tmpdir(), 'events.jsonl')
const BODY_BYTES_MAX = 1024 * 1024

const seen = new Set()
for (const line of (await readFile(file, 'utf8').catch(() => '')).split('\n')) {
  // The last line may have been cut off by a crash; its sender was not answered.
  try {
    seen.add(keyOf(JSON.parse(line)))
  } catch {}
}
const journal = await open(file, 'a')
// A cut-off line must not swallow the next one.
await journal.write('\n')

// One write after the other.
let last = Promise.resolve()

const server = createServer(async (request, response) => {
  try {
    const event = eventOf(request, await bodyOf(request))
    await (last = last.catch(() => {}).then(() => keep(event)))
    response.writeHead(204).end()
  } catch (error) {
    response.writeHead(error.status ?? 500).end(`${error.message}\n`)
  }
})

async function keep(event) {
  const key = keyOf(event)
  if (seen.has(key)) return
  await journal.write(`${JSON.stringify(event)}\n`)
  await journal.datasync()
  seen.add(key)
  console.log(`kept ${key}`)
}

// Source and id together name an event (CloudEvents 1.0, 3.1).
function keyOf({ source, id }) {
  return `${source} ${id}`
}

function eventOf({ headers }, body) {
  const type = headers['content-type'] ?? ''
  const isStructured = type.startsWith('application/cloudevents+json')
  const event = isStructured ? JSON.parse(body) : binaryEventOf(headers, type, body)
  for (const name of ['specversion', 'id', 'source', 'type'])
    if (typeof event[name] !== 'string' || event[name] === '')
      throw Object.assign(new Error(`the attribute ${name} is missing`), { status: 400 })
  return event
}

function binaryEventOf(headers, datacontenttype, data) {
  const attributes = Object.entries(headers).filter(([name]) => name.startsWith('ce-'))
  return {
    ...Object.fromEntries(attributes.map(([name, value]) => [name.slice(3), value])),
    datacontenttype,
    data,
  }
}

async function bodyOf(request) {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk
    if (body.length > BODY_BYTES_MAX)
      throw Object.assign(new Error(`an event has at most ${BODY_BYTES_MAX} characters`), { status: 413 })
  }
  return body
}

server.listen(Number(process.env.PORT ?? 8080))
process.on('SIGTERM', () => server.close())
