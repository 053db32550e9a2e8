import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { Inbox } from './inbox.ts'
import { type Answer, readAnswer } from './messages.ts'

/** What makes a request different from `GET <target> HTTP/1.1` with a Host. */
export interface RequestOptions {
  readonly method?: string
  /** Field lines; a Host is added unless there is one or it is switched off. */
  readonly fields?: readonly string[]
  readonly host?: string | null
  readonly body?: string | Buffer
  readonly version?: string
}

/** The bytes of a request. A body gets its Content-Length unless the fields frame it. */
export function requestText(target: string, options: RequestOptions = {}): string {
  const { method = 'GET', fields = [], host = 'app.test', body, version = 'HTTP/1.1' } = options
  const has = (name: string): boolean => fields.some((line) => line.toLowerCase().startsWith(`${name}:`))
  const lines = [`${method} ${target} ${version}`]
  if (host !== null && !has('host')) lines.push(`Host: ${host}`)
  lines.push(...fields)
  if (body !== undefined && !has('transfer-encoding') && !has('content-length'))
    lines.push(`Content-Length: ${body.length}`)
  return `${lines.join('\r\n')}\r\n\r\n${body === undefined ? '' : body.toString('latin1')}`
}

/** A client's connection, driven by hand. */
export class Client {
  readonly socket: Socket
  readonly inbox: Inbox

  private constructor(socket: Socket) {
    this.socket = socket
    this.inbox = new Inbox(socket)
    socket.on('error', () => {})
  }

  /** Connects to `port` here; over TLS when there are options for it, without looking at who the server is. */
  static async open(port: number, tls?: ConnectionOptions): Promise<Client> {
    const socket =
      tls === undefined
        ? connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true })
        : connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...tls })
    await new Promise<void>((resolve, reject) => {
      socket.once(tls === undefined ? 'connect' : 'secureConnect', resolve)
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('closed before it was connected')))
    })
    return new Client(socket)
  }

  write(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** Sends a request. */
  sends(target: string, options: RequestOptions = {}): void {
    this.write(requestText(target, options))
  }

  /** The next response, interim ones included; null when the connection ended without one. */
  answer(method = 'GET'): Promise<Answer | null> {
    return readAnswer(this.inbox, method)
  }

  /** Sends a request and reads its final response. */
  async asks(target: string, options: RequestOptions = {}): Promise<Answer> {
    this.sends(target, options)
    for (;;) {
      const answer = await this.answer(options.method)
      if (answer === null) throw new Error(`no answer to ${target}: the connection ended`)
      if (answer.status >= 200) return answer
    }
  }

  close(): void {
    this.socket.destroy()
  }
}
