/** Run with --allow-natives-syntax: prints which classes keep their hidden class. */
import { ChunkedDecoder, RequestHead, ResponseHead, TrailerSection } from '../../src/index.ts'

// oxlint-disable-next-line typescript/no-implied-eval -- natives are syntax that only V8 with the flag can parse
const hasSameMap = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (a: object, b: object) => boolean

function request(text: string): RequestHead {
  const head = new RequestHead()
  head.reset()
  const bytes = Buffer.from(text, 'latin1')
  head.parse(bytes, 0, bytes.length)
  return head
}

function response(text: string): ResponseHead {
  const head = new ResponseHead()
  head.reset()
  const bytes = Buffer.from(text, 'latin1')
  head.parse(bytes, 0, bytes.length, 'GET')
  return head
}

function decoder(text: string): ChunkedDecoder {
  const found = new ChunkedDecoder()
  const bytes = Buffer.from(text, 'latin1')
  let position = 0
  while (position < bytes.length && found.next(bytes, position, bytes.length) > 0 && !found.isDone)
    ({ position } = found)
  return found
}

function requests(): RequestHead[] {
  const heads = [
    new RequestHead(),
    request('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    request(
      'POST http://b/ HTTP/1.1\r\nHost: a\r\nConnection: x, upgrade\r\nUpgrade: y\r\n' +
        'Transfer-Encoding: chunked\r\nTE: trailers\r\nExpect: 100-continue\r\n\r\n',
    ),
    request('GET / HTTP/1.0\r\nContent-Length: 9007199254740991\r\n\r\n'),
    request('GET / HTTP/1.1\r\nHost : a\r\n\r\n'),
    request('GET /'),
  ]
  heads[1].set('X', 'y')
  heads[2].remove('host')
  const built = new RequestHead()
  built.build('POST', '/', 'a', ['cookie', 'a', 'cookie', 'b'], true)
  return [...heads, built]
}

const responses = (): ResponseHead[] => [
  new ResponseHead(),
  response('HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\nKeep-Alive: timeout=1\r\n\r\n'),
  response('HTTP/1.0 103\r\nConnection: x\r\nDate: x\r\n\r\n'),
  response('HTTP/1.1 2000 OK\r\n\r\n'),
]

const decoders = (): ChunkedDecoder[] => [
  new ChunkedDecoder(),
  decoder('5000000000;a\r\nabc'),
  decoder('1\r\na\r\n0\r\nX: y\r\n\r\n'),
  decoder('x'),
]

// The first large number widens a field once for the whole process; what counts is that nothing differs after that.
requests()
responses()
decoders()

const isOneShape = (objects: readonly object[]): boolean =>
  objects.every((one) => hasSameMap(one, objects[0]))
const last = decoders()
console.log(
  JSON.stringify({
    RequestHead: isOneShape(requests()),
    ResponseHead: isOneShape(responses()),
    ChunkedDecoder: isOneShape(last),
    TrailerSection: isOneShape([new TrailerSection(), ...last.map(({ trailers }) => trailers)]),
  }),
)
