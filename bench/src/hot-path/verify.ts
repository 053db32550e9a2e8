/** One request through a proxy before anything is measured: a fast wrong answer is worth nothing. */
import { request } from 'node:http'
import { connect } from 'node:http2'
import type { Readable } from 'node:stream'
import { UPLOAD_BYTES, type Shape } from './cases.ts'

const ANSWER_MS_MAX = 5000
const UPLOAD_PIECES = 4

interface Answer {
  status: number
  body: string
}

/** Throws unless the proxy on `port` answers as the origin would: status 200 and the right body, to the byte. */
export async function verify(port: number, shape: Shape): Promise<void> {
  const { status, body } = await (shape.protocol === 'h2c' ? askH2c(port, shape) : askHttp1(port, shape))
  const expected = expectedBody(shape)
  if (status === 200 && body === expected) return
  throw new Error(
    `answered ${status} with ${body.length} bytes instead of 200 with ${expected.length} (or other bytes)`,
  )
}

function expectedBody(shape: Shape): string {
  if (shape.upload !== 'none') return `received${UPLOAD_BYTES}`
  return shape.responseBytes === 12 ? 'Hello World\n' : 'x'.repeat(shape.responseBytes)
}

async function askHttp1(port: number, shape: Shape): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const call = request({
      port,
      host: '127.0.0.1',
      path: shape.path,
      method: shape.upload === 'none' ? 'GET' : 'POST',
      agent: false,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
      headers: shape.upload === 'length' ? { 'content-length': UPLOAD_BYTES } : {},
    })
    call.on('error', reject)
    call.on('response', (response) => {
      readAll(response).then((body) => resolve({ status: response.statusCode!, body }), reject)
    })
    if (shape.upload !== 'none') {
      for (let i = 0; i < UPLOAD_PIECES; i++) call.write('x'.repeat(UPLOAD_BYTES / UPLOAD_PIECES))
    }
    call.end()
  })
}

async function askH2c(port: number, shape: Shape): Promise<Answer> {
  const session = connect(`http://127.0.0.1:${port}`)
  try {
    return await new Promise((resolve, reject) => {
      const onClose = (): void => reject(new Error('the connection was closed without an answer'))
      session.on('error', reject)
      session.on('close', onClose)
      const stream = session.request({ ':path': shape.path }, { signal: AbortSignal.timeout(ANSWER_MS_MAX) })
      stream.on('error', reject)
      stream.on('close', onClose)
      stream.on('response', (headers) => {
        readAll(stream).then((body) => resolve({ status: headers[':status']!, body }), reject)
      })
    })
  } finally {
    session.destroy()
  }
}

async function readAll(stream: Readable): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString('latin1')
}
