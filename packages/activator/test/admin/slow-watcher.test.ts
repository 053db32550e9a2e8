import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import { Watcher } from '../../src/admin/watcher.ts'
import { until, within } from '../support/within.ts'

const http = process.getBuiltinModule('node:http')
const LARGE = 'x'.repeat(4 * 1024 * 1024)

t.test('who does not read is told the newest once it does, and nothing is kept for it', async (t) => {
  const server = http.createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.closeAllConnections())
  t.teardown(() => server.close())
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.pause()
  socket.write('GET / HTTP/1.0\r\n\r\n')
  const [, response] = (await within('the request comes', once(server, 'request'))) as [
    unknown,
    ServerResponse,
  ]
  let asked = 0
  const watcher = new Watcher(response, () => `<newest ${++asked}>`)

  // The connection takes some of it by itself.
  let written = 0
  for (; !response.writableNeedDrain; written++) watcher.sendStatus(`<${written}>${LARGE}`)
  const kept = response.writableLength
  for (let i = 0; i < 100; i++) watcher.sendStatus(`<missed>${LARGE}`)
  watcher.send('<cold start>')
  watcher.beat()
  t.equal(response.writableLength, kept)
  t.equal(asked, 0)

  let text = ''
  socket.resume()
  socket.setEncoding('latin1').on('data', (chunk: string) => (text = (text + chunk).slice(-64)))
  await until('the newest comes', () => text.includes('<newest 1>'))
  watcher.sendStatus('<next>')
  watcher.close()
  await within('the end', once(socket, 'end'))
  t.match(text, /x<newest 1><next>$/)
  t.equal(asked, 1)
})

t.test('who never reads is given up', async (t) => {
  const server = http.createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.closeAllConnections())
  t.teardown(() => server.close())
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.pause()
  socket.write('GET / HTTP/1.0\r\n\r\n')
  const [, response] = (await within('the request comes', once(server, 'request'))) as [
    unknown,
    ServerResponse,
  ]
  const watcher = new Watcher(response, () => '')
  while (!response.writableNeedDrain) watcher.sendStatus(LARGE)
  const closed = once(response, 'close')
  for (let beats = 1; beats <= 3; beats++) watcher.beat()
  t.notOk(response.destroyed)
  watcher.beat()
  await within('it is closed', closed)
  t.ok(response.destroyed)
})
