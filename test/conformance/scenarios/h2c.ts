import {
  credentials,
  Metadata,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  makeGenericClientConstructor,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js'
import { once } from 'node:events'
import type { AppRequest } from '../support/app.ts'
import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import { within } from '../support/within.ts'
import { ownH2Answer } from './answers.ts'

const MIRROR = { QUEUE_APP_PROTOCOL: 'mirror' }

/** By which protocol the application is asked when a client asks by `client`. */
const protocols = (path: string) => async (scene: Scene) => {
  const h2 = await scene.h2()
  const overH2 = await h2.asks(`${path}-2`)
  const overH1 = await scene.asks(`${path}-1`)
  const seen = (one: string): string | undefined => scene.app.seen(one)[0]?.protocol
  return {
    h2: [overH2.status, seen(`${path}-2`)],
    h1: [overH1.status, seen(`${path}-1`)],
  }
}

// ── gRPC: messages are bytes as they are ──

const asItIs = { serialize: (bytes: Buffer) => bytes, deserialize: (bytes: Buffer) => bytes }
const method = (path: string, isStream: boolean) => ({
  path,
  requestStream: isStream,
  responseStream: isStream,
  requestSerialize: asItIs.serialize,
  requestDeserialize: asItIs.deserialize,
  responseSerialize: asItIs.serialize,
  responseDeserialize: asItIs.deserialize,
})
const SERVICE = {
  unary: method('/test.Echo/Unary', false),
  bidi: method('/test.Echo/Bidi', true),
} as const satisfies ServiceDefinition

const grpcServer = async (scene: Scene): Promise<number> => {
  const server = new Server()
  server.addService(SERVICE, {
    unary(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
      if (call.request.toString() !== 'fail') return answer(null, call.request)
      const trailers = new Metadata()
      trailers.set('x-why', 'asked for')
      answer({ code: status.FAILED_PRECONDITION, details: 'no', metadata: trailers })
    },
    bidi(call: ServerDuplexStream<Buffer, Buffer>) {
      call.on('data', (message: Buffer) => call.write(message))
      call.on('end', () => call.end())
    },
  })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  scene.finally(() => server.forceShutdown())
  return port
}

const EchoClient = makeGenericClientConstructor(SERVICE, 'Echo')

const grpcClient = (scene: Scene) => {
  const client = new EchoClient(`127.0.0.1:${scene.subject.ports.main}`, credentials.createInsecure())
  scene.afterwards(() => client.close())
  return client
}

type Failed = { code: number; details: string; metadata: Metadata }

const unary = (scene: Scene, message: string): Promise<string> =>
  within(
    'a unary call',
    new Promise((resolve) =>
      grpcClient(scene)['unary'](Buffer.from(message), (error: Failed | null, answer: Buffer) =>
        resolve(
          error === null
            ? answer.toString()
            : `${error.code} ${error.details} ${String(error.metadata.get('x-why')[0])}`,
        ),
      ),
    ),
  )

// ── frames by hand ──

const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const literal = (name: string, value: string): Buffer =>
  Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ])

const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(4, 0, 0, Buffer.alloc(0)),
])
const requestHeaders = (path: string, fields: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(
    [[':method', 'GET'], [':scheme', 'http'], [':path', path], [':authority', 'a.test'], ...fields].map(
      ([name, value]) => literal(name, value),
    ),
  )

/** Sends a request of these fields as frames; how its stream ends: `data <text>`, `reset` or `goaway`. */
async function asFrames(
  scene: Scene,
  path: string,
  fields: readonly (readonly [string, string])[],
): Promise<string> {
  const client = await scene.client()
  client.write(Buffer.concat([PREFACE, frame(1, 5, 1, requestHeaders(path, fields))]))
  for (;;) {
    const head = await client.inbox.take(9)
    if (head === null) return 'end'
    const payload = (await client.inbox.take(head.readUIntBE(0, 3))) ?? Buffer.alloc(0)
    const [type, stream] = [head[3], head.readUInt32BE(5)]
    if (type === 0 && stream === 1) return `data ${payload.toString()}`
    if (type === 3 && stream === 1) return 'reset'
    if (type === 7) return 'goaway'
  }
}

/** A connection-specific field, and whether the application saw the request. */
const forbidden = (name: string, value: string) => async (scene: Scene) => {
  const path = `/forbidden-${name}-${value}`
  const ended = await asFrames(scene, path, [[name, value]])
  return { ended, atApp: scene.app.seen(path).length }
}

const forbiddenFields: readonly (readonly [string, string, string])[] = [
  ['connection', 'keep-alive', 'data request header "Connection" is not valid in HTTP/2\n'],
  ['upgrade', 'websocket', 'data request header "Upgrade" is not valid in HTTP/2\n'],
  ['te', 'gzip', 'data request header "TE" may only be "trailers" in HTTP/2\n'],
]

export const h2c: Group[] = [
  {
    name: 'h2c: an application that speaks both',
    environment: {},
    speaks: 'both',
    scenarios: [
      same('the client decides which protocol the application sees', protocols('/both'), {
        h2: [200, 'HTTP/2'],
        h1: [200, 'HTTP/1.1'],
      }),
      same(
        'fields, host and trailers',
        async (scene) => {
          scene.app.on('/fields', (request: AppRequest) => {
            if (!('stream' in request)) return
            const { stream } = request as unknown as { stream: import('node:http2').ServerHttp2Stream }
            stream.respond(
              { ':status': 203, 'x-mine': '1', 'content-type': 'a/b' },
              { waitForTrailers: true },
            )
            stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '2' }))
            stream.end('body')
          })
          const client = await scene.h2()
          const headers = {
            'x-user': 'u',
            cookie: ['a=b', 'c=d'],
            te: 'trailers',
            'k-original-host': 'o.test',
          }
          const answer = await client.asks('/fields', headers)
          const [request] = scene.app.seen('/fields') as unknown as {
            authority: string
            fields: AppRequest['fields']
          }[]
          return {
            status: answer.status,
            body: answer.body,
            mine: answer.headers['x-mine'],
            trailer: answer.trailers['x-sum'],
            authority: request.authority,
            user: request.fields.get('x-user'),
            te: request.fields.get('te'),
            peer: request.fields.get('x-forwarded-for'),
          }
        },
        {
          status: 203,
          body: 'body',
          mine: '1',
          trailer: '2',
          authority: 'o.test',
          user: 'u',
          te: 'trailers',
          peer: '127.0.0.1',
        },
      ),
      same(
        'a hundred streams of one connection at a time',
        async (scene) => {
          const held = scene.app.holds('/hundred')
          const client = await scene.h2()
          const streams = Array.from({ length: 100 }, () => client.starts('/hundred'))
          await held.reaches(100)
          for (const request of held.all) request.respond(200, ['Content-Type: a/b'], 'x')
          const answers = await Promise.all(streams.map((stream) => client.answer(stream)))
          return answers.filter((answer) => answer.status === 200 && answer.body === 'x').length
        },
        100,
      ),
      same(
        'as many streams as Knative allows',
        async (scene) => (await scene.h2()).session.remoteSettings.maxConcurrentStreams,
        250,
      ),
      same(
        'and not one more',
        async (scene) => {
          scene.app.holds('/crowd')
          const client = await scene.client()
          const block = requestHeaders('/crowd', [])
          const streams = Array.from({ length: 251 }, (_, index) => frame(1, 5, 2 * index + 1, block))
          client.write(Buffer.concat([PREFACE, ...streams]))
          for (;;) {
            const head = await client.inbox.take(9)
            if (head === null) return 'end'
            await client.inbox.take(head.readUIntBE(0, 3))
            if (head[3] === 3) return `stream ${head.readUInt32BE(5)} is reset`
          }
        },
        'stream 501 is reset',
      ),
      same(
        'both directions at the same time',
        async (scene) => {
          scene.app.on('/duplex', (request) => {
            const { stream } = request as unknown as { stream: import('node:http2').ServerHttp2Stream }
            stream.respond({ ':status': 200, 'content-type': 'a/b' })
            stream.on('data', (bytes) => stream.write(bytes))
            stream.on('end', () => stream.end())
          })
          const client = await scene.h2()
          const stream = client.starts('/duplex', { ':method': 'POST' }, false)
          const answer = client.answer(stream)
          const seen: string[] = []
          for (const word of ['one', 'two', 'three']) {
            const echoed = once(stream, 'data') as Promise<[Buffer]>
            stream.write(word)
            seen.push((await within(`the echo of ${word}`, echoed))[0].toString())
          }
          stream.end()
          return [seen, (await answer).rstCode]
        },
        [['one', 'two', 'three'], 0],
      ),
      same(
        'a client that cancels a stream is gone for the application',
        async (scene) => {
          const held = scene.app.holds('/cancelled')
          const client = await scene.h2()
          const stream = client.starts('/cancelled')
          const request = await held.next()
          stream.close(8)
          await within('the application sees the cancel', request.gone)
          return (await client.asks('/')).status
        },
        200,
      ),
      ...forbiddenFields.map(([name, value, text]) =>
        differs(
          `a request with ${name}: ${value}`,
          'malformed-h2-is-reset',
          forbidden(name, value),
          { ended: text, atApp: 0 },
          { ended: 'reset', atApp: 0 },
        ),
      ),
      differs(
        'Upgrade: h2c',
        'no-h2c-upgrade',
        async (scene) => {
          const fields = [
            'Connection: Upgrade, HTTP2-Settings',
            'Upgrade: h2c',
            'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
          ]
          const client = await scene.client()
          client.sends('/upgraded', { fields })
          return (await client.answer())?.status
        },
        101,
        200,
      ),
    ],
  },
  {
    name: 'h2c: an application that speaks HTTP/1.1',
    environment: {},
    speaks: 'http1',
    scenarios: [
      differs(
        'a client of HTTP/2',
        'app-protocol-translated',
        protocols('/only1'),
        { h2: [502, undefined], h1: [200, 'HTTP/1.1'] },
        { h2: [200, 'HTTP/1.1'], h1: [200, 'HTTP/1.1'] },
      ),
      same(
        'its 426 goes through',
        async (scene) => {
          scene.app.on('/426', (request) => request.respond(426, ['Upgrade: h2c', 'Content-Type: a/b'], 'x'))
          const { status, body } = await scene.asks('/426')
          return { status, body }
        },
        { status: 426, body: 'x' },
      ),
    ],
  },
  {
    name: 'h2c: an application that speaks HTTP/2 only',
    environment: {},
    speaks: 'h2c',
    scenarios: [
      differs(
        'a client of HTTP/1.1',
        'app-protocol-translated',
        protocols('/only2'),
        { h2: [200, 'HTTP/2'], h1: [502, undefined] },
        { h2: [200, 'HTTP/2'], h1: [200, 'HTTP/2'] },
      ),
    ],
  },
  {
    name: 'h2c: mirrored, an application that speaks HTTP/1.1',
    environment: {},
    ours: MIRROR,
    speaks: 'http1',
    scenarios: [
      same('each by its own', protocols('/mirrored'), { h2: [502, undefined], h1: [200, 'HTTP/1.1'] }),
      same(
        'what is said of the failure',
        async (scene) => {
          const { status, type } = ownH2Answer(await (await scene.h2()).asks('/'))
          return { status, type }
        },
        { status: 502, type: 'text/plain; charset=utf-8' },
      ),
    ],
  },
  {
    name: 'h2c: mirrored, an application that speaks HTTP/2 only',
    environment: {},
    ours: MIRROR,
    speaks: 'h2c',
    scenarios: [
      same('each by its own', protocols('/mirrored'), { h2: [200, 'HTTP/2'], h1: [502, undefined] }),
    ],
  },
  {
    name: 'h2c: gRPC',
    environment: { CONTAINER_CONCURRENCY: '10' },
    serves: grpcServer,
    scenarios: [
      same('a unary call', (scene) => unary(scene, 'hello'), 'hello'),
      same('its error, in trailers', (scene) => unary(scene, 'fail'), '9 no asked for'),
      same(
        'a stream both ways',
        async (scene) => {
          const call = grpcClient(scene)['bidi']() as import('@grpc/grpc-js').ClientDuplexStream<
            Buffer,
            Buffer
          >
          const seen: string[] = []
          for (const word of ['one', 'two', 'three']) {
            const echoed = once(call, 'data') as Promise<[Buffer]>
            call.write(Buffer.from(word))
            seen.push((await within(`the echo of ${word}`, echoed))[0].toString())
          }
          const ended = once(call, 'status') as Promise<[{ code: number }]>
          call.end()
          return [seen, (await within('the status', ended))[0].code]
        },
        [['one', 'two', 'three'], 0],
      ),
    ],
  },
]
