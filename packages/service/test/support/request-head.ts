import { RequestHead } from '@pilotlight/http1'

/** The head of `GET / HTTP/1.1` with these field lines. */
export function requestHead(...lines: string[]): RequestHead {
  const head = new RequestHead()
  const text = `GET / HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
  const bytes = Buffer.from(text, 'latin1')
  const length = head.parse(bytes, 0, bytes.length)
  if (length !== bytes.length) throw new Error(`the head was refused: ${length}`)
  return head
}

/** The values of a field as they go on, in their order. */
export function valuesOf(head: RequestHead, name: string): string[] {
  return head
    .pairs()
    .filter(([one]) => one.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value)
}
