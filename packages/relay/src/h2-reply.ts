import type { ServerHttp2Stream } from 'node:http2'
import { replyFields, respond } from './h2-fields.ts'
import { H2Code } from './h2-module.ts'

/** Answers a stream that never became an exchange. `fields` are complete header lines. */
export function refuseStream(stream: ServerHttp2Stream, status: number, fields: string, text: string): void {
  stream.on('error', ignore)
  stream.resume()
  sendText(stream, status, fields, `${text}\n`, text.length + 1)
  if (!stream.endAfterHeaders) stream.close(H2Code.NoError)
}

/** Sends a whole answer: `lines` are complete header lines, `length` is that of the body even where none is sent. */
export function sendText(
  stream: ServerHttp2Stream,
  status: number,
  lines: string,
  body: string | Uint8Array,
  length: number,
): void {
  respond(stream, replyFields(status, lines, length), { endStream: body.length === 0 })
  if (!stream.writableEnded) stream.end(body)
}

function ignore(): void {}
