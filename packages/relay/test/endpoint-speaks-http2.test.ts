import t, { type Test } from 'tap'
import { isServerPrefacePrefix } from '../src/preface.ts'
import { h2App } from './support/h2-harness.ts'
import { answering, response } from './support/origin.ts'
import { type Peer, values } from './support/peer.ts'
import { get, post, Rig, type RigOptions } from './support/rig.ts'
import { turns } from './support/within.ts'

/** The header of a SETTINGS frame of `length` bytes. */
function settingsHeader(length: number): Buffer {
  const bytes = Buffer.alloc(9)
  bytes.writeUIntBE(length, 0, 3)
  bytes[3] = 4
  return bytes
}

/** A request on its way, with both ends. */
async function asked(t: Test, options: RigOptions = {}): Promise<{ rig: Rig; client: Peer; origin: Peer }> {
  const rig = await Rig.start(t, options)
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  return { rig, client, origin }
}

t.test(
  'a server that speaks HTTP/2 only is recognised, and the request may go out again, whatever its method',
  async (t) => {
    const app = await h2App(t, (stream) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        stream.respond({ ':status': 200 })
        stream.end(Buffer.concat(chunks))
      })
    })
    const rig = await Rig.start(t, {
      onRequest: (exchange, rig) => exchange.forward(rig.endpointTo(app.port)),
      onFailure: (exchange, failure, rig) => {
        if (!exchange.canRetry(failure)) return false
        exchange.forward(rig.endpointTo(app.port, 'h2'))
        return true
      },
    })
    const client = await rig.connect()
    for (const body of ['once only', 'b'.repeat(50_000)]) {
      client.sends(post(body))
      t.equal(await rig.failed.next(), 'endpoint-speaks-http2')
      const answer = await client.readsMessage()
      t.strictSame([answer.status, answer.body], [200, body])
      const ended = await rig.ended.next()
      t.strictSame([ended.outcome, ended.failure, ended.attempts], ['ok', '', 2])
    }
    t.equal(app.streams.length, 2, 'each was served once')
  },
)

t.test('left alone it is answered with 502 and http_protocol_error', async (t) => {
  const app = await h2App(t, () => {})
  const rig = await Rig.start(t, {
    onRequest: (exchange, rig) => exchange.forward(rig.endpointTo(app.port)),
  })
  const client = await rig.connect()
  client.sends(get())
  const answer = await client.readsMessage()
  t.equal(answer.status, 502)
  t.strictSame(values(answer, 'proxy-status'), ['pilotlight; error=http_protocol_error'])
  const ended = await rig.ended.next()
  t.strictSame([ended.outcome, ended.failure], ['upstream-failed', 'endpoint-speaks-http2'])
})

t.test('the frame may come in any pieces', async (t) => {
  const frame = Buffer.concat([settingsHeader(6), Buffer.from([0, 3, 0, 0, 0, 100])])
  for (let cut = 1; cut < frame.length; cut++) {
    const { rig, client, origin } = await asked(t)
    origin.sends(frame.subarray(0, cut))
    await turns()
    origin.sends(frame.subarray(cut))
    t.equal((await client.readsMessage()).status, 502)
    t.equal((await rig.ended.next()).failure, 'endpoint-speaks-http2', `${cut} bytes first`)
  }
  const { rig, origin } = await asked(t)
  for (const byte of frame) {
    origin.sends(Buffer.from([byte]))
    await turns()
  }
  t.equal((await rig.ended.next()).failure, 'endpoint-speaks-http2', 'byte by byte')
})

t.test('other bytes are still a response that breaks a rule, and never sent again', async (t) => {
  const others: Readonly<Record<string, Buffer>> = {
    'a length that is no multiple of 6': settingsHeader(7),
    'a frame too long for a first one': settingsHeader(16_386),
    'another type': Buffer.from([0, 0, 6, 3, 0, 0, 0, 0, 0]),
    'an acknowledgement': Buffer.from([0, 0, 0, 4, 1, 0, 0, 0, 0]),
    'on a stream': Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 1]),
    zeros: Buffer.alloc(20),
    'the preface of a client': Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    'a TLS alert': Buffer.from([0x15, 3, 1, 0, 2, 2, 70]),
  }
  for (const [what, bytes] of Object.entries(others)) {
    for (const pieces of [[bytes], [bytes.subarray(0, 3), bytes.subarray(3)]]) {
      let canRetry = true
      const { rig, client, origin } = await asked(t, {
        onFailure: (exchange, failure) => {
          canRetry = exchange.canRetry(failure)
          return false
        },
      })
      for (const piece of pieces) {
        origin.sends(piece)
        await turns()
      }
      t.equal((await client.readsMessage()).status, 502)
      t.equal((await rig.ended.next()).failure, 'response-refused', `${what}, ${pieces.length} pieces`)
      t.equal(canRetry, false)
    }
  }
})

t.test('a beginning of the frame that is not followed up is an incomplete response', async (t) => {
  const { rig, client, origin } = await asked(t)
  origin.sends(settingsHeader(0).subarray(0, 8))
  await turns()
  origin.ends()
  t.equal((await client.readsMessage()).status, 502)
  t.equal((await rig.ended.next()).failure, 'response-incomplete')
})

t.test('after a response, or an interim one, it proves nothing', async (t) => {
  const rig = await Rig.start(t, {})
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  origin.sends(response('first'))
  t.equal((await client.readsMessage()).body, 'first')
  await rig.ended.next()
  client.sends(get())
  await origin.readsMessage()
  origin.sends(settingsHeader(0))
  t.equal((await client.readsMessage()).status, 502)
  t.equal((await rig.ended.next()).failure, 'response-refused')

  const interim = await asked(t)
  interim.origin.sends('HTTP/1.1 103 Early Hints\r\n\r\n')
  await interim.client.readsMessage()
  interim.origin.sends(settingsHeader(0))
  t.equal((await interim.client.readsMessage()).status, 502)
  t.equal((await interim.rig.ended.next()).failure, 'response-refused')
})

t.test('an HTTP/1.1 application is none', async (t) => {
  const rig = await Rig.start(t, { serve: answering(() => response('ok')) })
  const client = await rig.connect()
  client.sends(get())
  t.equal((await client.readsMessage()).body, 'ok')
})

t.test('every beginning of a SETTINGS header is one, and no neighbour of it', async (t) => {
  for (const length of [0, 6, 12, 300, 16_380]) {
    const whole = Buffer.concat([settingsHeader(length), Buffer.from('rest')])
    for (let end = 1; end <= whole.length; end++) t.ok(isServerPrefacePrefix(whole, 0, end))
    const shifted = Buffer.concat([Buffer.from('xx'), whole])
    t.ok(isServerPrefacePrefix(shifted, 2, shifted.length))
    for (let i = 3; i < 9; i++) {
      const broken = Buffer.from(whole)
      broken[i] ^= 1
      t.ok(isServerPrefacePrefix(broken, 0, i), `without byte ${i}`)
      for (let end = i + 1; end <= 9; end++) t.notOk(isServerPrefacePrefix(broken, 0, end), `byte ${i}`)
    }
  }
  for (const length of [1, 5, 7, 16_385, 16_386, 65_536, 0xff_ff_fc])
    t.notOk(isServerPrefacePrefix(settingsHeader(length), 0, 9), `${length} bytes`)
})
