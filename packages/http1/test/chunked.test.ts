import t from 'tap'
import { chunkHeader, ChunkedDecoder, ChunkEvent, lastChunk } from '../src/index.ts'
import { bytesOf, decoded } from './support/heads.ts'
import { pieces } from './support/message-reader.ts'

const BODY = '3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n'

t.test('a body is decoded, however it is cut', async (t) => {
  const bytes = bytesOf(`${BODY}next`)
  const wanted = { body: 'abc0123456789', trailers: 'X: y\r\n', end: 'end', rest: 'next' }
  t.strictSame(decoded([bytes]), wanted)
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second += 3)
      t.strictSame(decoded(pieces(bytes, [first, second])), wanted)
  }
})

t.test('data is handed over where it stands, without a copy', async (t) => {
  const decoder = new ChunkedDecoder()
  const bytes = bytesOf('??5\r\nhello\r\n??')
  t.equal(decoder.next(bytes, 2, bytes.length - 2), ChunkEvent.Data)
  t.strictSame([decoder.dataStart, decoder.dataEnd, decoder.position], [5, 10, 10])
  t.equal(decoder.next(bytes, 10, 12), ChunkEvent.More)
  t.equal(decoder.position, 12)
})

t.test('an end is an end', async (t) => {
  const decoder = new ChunkedDecoder()
  const bytes = bytesOf('0\r\n\r\nGET / HTTP/1.1\r\n')
  t.equal(decoder.next(bytes, 0, bytes.length), ChunkEvent.End)
  t.equal(decoder.position, 5)
  t.ok(decoder.isDone)
  t.equal(decoder.next(bytes, 5, bytes.length), ChunkEvent.End, 'no byte behind it is taken')
  t.equal(decoder.position, 5)
})

t.test('one decoder reads body after body', async (t) => {
  const decoder = new ChunkedDecoder()
  for (const body of [BODY, '0\r\n\r\n', BODY, '1\r\na\r\n0\r\nZ: 1\r\nZ: 2\r\n\r\n']) {
    const fresh = decoded([bytesOf(body)])
    decoder.reset()
    t.notOk(decoder.isDone)
    t.strictSame(decoded(pieces(bytesOf(body), [1, 4]), decoder), fresh)
  }
})

t.test('a body that was not read to its end leaves nothing to the next one', async (t) => {
  const bytes = bytesOf(BODY)
  for (let cut = 1; cut < bytes.length; cut++) {
    const decoder = new ChunkedDecoder()
    decoded([bytes.subarray(0, cut)], decoder)
    decoder.reset()
    t.equal(decoded([bytes], decoder).end, 'end', `after ${cut} bytes`)
    t.equal(decoder.trailers.lines, 'X: y\r\n')
  }
})

t.test('large chunks are handed over as they come, and counted exactly', async (t) => {
  const decoder = new ChunkedDecoder()
  const piece = Buffer.alloc(65_536, 0x30)
  const first = bytesOf('100001\r\n')
  t.equal(decoder.next(first, 0, first.length), ChunkEvent.More)
  for (let i = 0; i < 16; i++) {
    t.equal(decoder.next(piece, 0, piece.length), ChunkEvent.Data)
    t.equal(decoder.dataEnd - decoder.dataStart, piece.length)
  }
  t.strictSame(decoded([bytesOf('0\r\n0\r\n\r\n')], decoder), {
    body: '0',
    trailers: '',
    end: 'end',
    rest: '',
  })
})

t.test('what is written is what is read', async (t) => {
  for (const length of [1, 9, 10, 15, 16, 255, 4096, 65_536]) {
    const data = 'x'.repeat(length)
    const body = `${chunkHeader(length)}${data}\r\n${lastChunk('X: y\r\n')}`
    t.strictSame(decoded([bytesOf(body)]), { body: data, trailers: 'X: y\r\n', end: 'end', rest: '' })
  }
})
