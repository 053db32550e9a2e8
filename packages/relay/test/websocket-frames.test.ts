import fc from 'fast-check'
import type { Writable } from 'node:stream'
import t from 'tap'
import * as ws from 'ws'
import { clientCloseFrame, serverCloseFrame, WebSocketFrames } from '../src/websocket-frames.ts'
import { bounded } from './support/model-settings.ts'
import { within } from './support/within.ts'

/** Not in the types of `ws`: what reads frames in it. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable }

const CLOSE = 8
const OPCODES = [0, 1, 2, 9, 10]

interface Frame {
  readonly opcode: number
  readonly isFinal: boolean
  readonly isMasked: boolean
  readonly length: number
  /** Bytes of the length beside the seven bits: 0, 2 or 8; at least as many as it needs. */
  readonly lengthBytes: number
}

/** A frame on the wire; its payload is full of what looks like close frames. */
function toBytes(frame: Frame): Buffer {
  const { length } = frame
  const lengthBytes = Math.max(frame.lengthBytes, length > 65_535 ? 8 : length > 125 ? 2 : 0)
  const header = Buffer.alloc(2 + lengthBytes + (frame.isMasked ? 4 : 0))
  header[0] = (frame.isFinal ? 0x80 : 0) | frame.opcode
  header[1] = (frame.isMasked ? 0x80 : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127)
  if (lengthBytes === 2) header.writeUInt16BE(length, 2)
  if (lengthBytes === 8) header.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([header, Buffer.alloc(length, Buffer.from([0x88, 0]))])
}

const length = fc.oneof(
  fc.nat({ max: 10 }),
  fc.constantFrom(0, 125, 126, 127, 128, 65_535, 65_536),
  fc.nat({ max: 3000 }),
)
const frame = fc.record({
  opcode: fc.constantFrom(...OPCODES),
  isFinal: fc.boolean(),
  isMasked: fc.boolean(),
  length,
  lengthBytes: fc.constantFrom(0, 2, 8),
})
const closing = frame.map((one) => ({ ...one, opcode: CLOSE, length: one.length % 126 }))
const frames = fc.array(fc.oneof({ weight: 9, arbitrary: frame }, { weight: 1, arbitrary: closing }), {
  maxLength: 12,
})
const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 20_000 })), {
  minLength: 1,
  maxLength: 40,
})

/** The bytes in pieces of these sizes, over and over. */
function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<[start: number, end: number]> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = Math.min(bytes.length, at + sizes[i % sizes.length])
    yield [at, end]
    at = end
  }
}

t.test('frames of any size, cut anywhere: every end is found, and nothing else', async (t) => {
  fc.assert(
    fc.property(frames, cuts, (list, sizes) => {
      const wire = list.map(toBytes)
      const bytes = Buffer.concat(wire)
      const ends: number[] = []
      let total = 0
      for (const one of wire) ends.push((total += one.length))
      const found: number[] = []
      const tracker = new WebSocketFrames()
      const followed = new WebSocketFrames()
      if (!tracker.isAtBoundary) throw new Error('the beginning is no boundary')
      for (const [start, end] of pieces(bytes, sizes)) {
        for (let at = start; at < end;) {
          at = tracker.next(bytes, at, end)
          if (tracker.isAtBoundary) found.push(at)
          const passed = ends.filter((one) => one <= at).length
          const hasClose = list.slice(0, passed).some((one) => one.opcode === CLOSE)
          if (tracker.hasClose !== hasClose) throw new Error(`hasClose is ${tracker.hasClose} at ${at}`)
        }
        followed.follow(bytes, start, end)
        if (followed.isAtBoundary !== (end === 0 || ends.includes(end)))
          throw new Error(`isAtBoundary is ${followed.isAtBoundary} at ${end}`)
      }
      if (found.join() !== ends.join()) throw new Error(`found ${found.join()}, there are ${ends.join()}`)
    }),
    bounded(1000),
  )
  t.pass('no frame was missed')
})

t.test('a length beyond all reason is believed, and never reached', async (t) => {
  const tracker = new WebSocketFrames()
  const header = Buffer.concat([Buffer.from([0x82, 127]), Buffer.alloc(8, 255)])
  tracker.follow(header, 0, header.length)
  const bytes = Buffer.alloc(65_536, 0x88)
  for (let i = 0; i < 100; i++) t.equal(tracker.next(bytes, 0, bytes.length), bytes.length)
  t.equal(tracker.isAtBoundary, false)
  t.equal(tracker.hasClose, false)
})

t.test('our close frames are what ws takes for one with status 1001', async (t) => {
  for (const [isServer, frame] of [
    [false, serverCloseFrame()],
    [true, clientCloseFrame()],
    [true, clientCloseFrame()],
  ] as const) {
    const receiver = new Receiver({ isServer })
    const concluded = new Promise<unknown[]>((resolve, reject) => {
      receiver.on('conclude', (...args: unknown[]) => resolve(args))
      receiver.on('error', reject)
    })
    receiver.write(frame)
    const [code, reason] = await within('the receiver concludes', concluded)
    t.equal(code, 1001)
    t.equal(String(reason), '')
    const tracker = new WebSocketFrames()
    tracker.follow(frame, 0, frame.length)
    t.strictSame([tracker.isAtBoundary, tracker.hasClose], [true, true])
  }
  const masks = new Set(Array.from({ length: 20 }, () => clientCloseFrame().toString('hex', 2, 6)))
  t.ok(masks.size > 1, 'each has a mask of its own')
})
