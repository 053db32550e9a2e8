import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { once } from 'node:events'
import { within } from './within.ts'

/** A response over HTTP/2, complete or cut. */
export interface H2Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly trailers: Readonly<Record<string, string>>
  /** Error code of RST_STREAM; 0 when the stream ended well. */
  readonly rstCode: number
}

type Values = Record<string, string | string[] | number | undefined>

const texts = (headers: Values): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !name.startsWith(':'))
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]),
  )

/** A client that speaks HTTP/2 with prior knowledge, or by ALPN over TLS. */
export class H2Client {
  readonly session: ClientHttp2Session
  /** What the server said with GOAWAY, null before. */
  goaway: { code: number; lastStream: number } | null = null

  private constructor(session: ClientHttp2Session) {
    this.session = session
    session.on('error', () => {})
    session.on('goaway', (code, lastStream) => (this.goaway ??= { code, lastStream }))
  }

  static async open(port: number, scheme: 'http' | 'https' = 'http'): Promise<H2Client> {
    const session = connect(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false })
    const client = new H2Client(session)
    await within('the settings of an HTTP/2 server', once(session, 'remoteSettings'))
    return client
  }

  /** Starts a request; the body is sent by the caller when `endStream` is false. */
  starts(target: string, headers: OutgoingHttpHeaders = {}, endStream = true): ClientHttp2Stream {
    const stream = this.session.request(
      { ':method': 'GET', ':path': target, ':authority': 'app.test', ...headers },
      { endStream },
    )
    stream.on('error', () => {})
    return stream
  }

  /** The answer to a request that was started. */
  async answer(stream: ClientHttp2Stream, ms?: number): Promise<H2Answer> {
    let headers: Values = {}
    let trailers: Values = {}
    const chunks: Buffer[] = []
    stream.on('response', (got) => (headers = got as Values))
    stream.on('trailers', (got) => (trailers = got as Values))
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    if (!stream.closed) await within('the end of a stream', once(stream, 'close'), ms)
    return {
      status: Number(headers[':status'] ?? 0),
      headers: texts(headers),
      body: Buffer.concat(chunks).toString('latin1'),
      trailers: texts(trailers),
      rstCode: stream.rstCode ?? 0,
    }
  }

  /** Makes a request and reads its answer. */
  async asks(target: string, headers: OutgoingHttpHeaders = {}, body?: string): Promise<H2Answer> {
    const method = body === undefined ? 'GET' : 'POST'
    const stream = this.starts(target, { ':method': method, ...headers }, body === undefined)
    if (body !== undefined) stream.end(body)
    return this.answer(stream)
  }

  close(): void {
    this.session.destroy()
  }
}
