import t from 'tap'
import { FIELD_VALUE, HEX, HOST, LOWER, TARGET, TOKEN } from '../src/bytes.ts'

const bytesIn = (table: Uint8Array): string => {
  let text = ''
  for (let byte = 0; byte < 256; byte++) if (table[byte] === 1) text += String.fromCharCode(byte)
  return text
}
const range = (from: number, to: number): string =>
  String.fromCharCode(...Array.from({ length: to - from + 1 }, (_, index) => from + index))
const sorted = (text: string): string => text.split('').toSorted().join('')

const LETTERS = range(0x41, 0x5a) + range(0x61, 0x7a)
const DIGITS = range(0x30, 0x39)

t.test('the byte classes are those of the RFCs', async (t) => {
  t.equal(bytesIn(TOKEN), sorted(`${LETTERS}${DIGITS}!#$%&'*+-.^_\`|~`), 'tchar, RFC 9110 section 5.6.2')
  t.equal(
    bytesIn(FIELD_VALUE),
    `\t${range(0x20, 0x7e)}${range(0x80, 0xff)}`,
    'field-vchar and white space, section 5.5',
  )
  t.equal(
    bytesIn(HOST),
    sorted(`${LETTERS}${DIGITS}-._~%!$&'()*+,;=:[]`),
    'uri-host and port, RFC 3986 section 3.2.2',
  )
})

t.test('no byte that separates can stand in a target', async (t) => {
  for (const byte of `${range(0, 0x20)}\x7f#`.split(''))
    t.equal(TARGET[byte.charCodeAt(0)], 0, JSON.stringify(byte))
  t.equal(bytesIn(TARGET).length, 256 - 33 - 2)
})

t.test('hex digits have a value in both cases, other bytes have none', async (t) => {
  for (let byte = 0; byte < 256; byte++) {
    const character = String.fromCharCode(byte)
    t.equal(HEX[byte], /^[\da-fA-F]$/.test(character) ? Number.parseInt(character, 16) : 255)
    t.equal(LOWER[byte], /^[A-Z]$/.test(character) ? character.toLowerCase().charCodeAt(0) : byte)
  }
})
