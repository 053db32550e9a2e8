import t from 'tap'
import { isVersion11, VERSION_BYTES, versionRefusal } from '../src/version.ts'
import { bytesOf, nameOf } from './support/heads.ts'

/** What is said of a version and the line end behind it. */
function judged(text: string): string | number {
  const bytes = bytesOf(`>>${text}`)
  for (let p = 2; p < bytes.length; p++) {
    const refusal = versionRefusal(bytes, 2, p)
    if (refusal !== 0) return nameOf(refusal)
  }
  return bytes.length === 2 + VERSION_BYTES + 2 ? (isVersion11(bytes, 2) ? 11 : 10) : 0
}

t.test('two versions are spoken', async (t) => {
  t.equal(judged('HTTP/1.1\r\n'), 11)
  t.equal(judged('HTTP/1.0\r\n'), 10)
})

t.test('other versions are 505, what is no version is 400', async (t) => {
  for (const text of ['HTTP/0.9', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/9.9', 'HTTP/0.0'])
    t.equal(judged(text), 'unsupported-version', text)
  for (const text of [
    'http',
    'HTTX',
    'HTTP 1.1',
    'HTTP/x',
    'HTTP/1,1',
    'HTTP/1.x',
    'HTTP/11',
    'HTTP/1.10',
    'HTTP/1.1 ',
    '\r',
    '\xc8TTP',
  ]) {
    t.equal(judged(text), 'bad-version', JSON.stringify(text))
  }
})

t.test('a line ends in CRLF and in nothing else', async (t) => {
  t.equal(judged('HTTP/1.1\n'), 'bare-lf')
  t.equal(judged('HTTP/1.1\r\r'), 'bare-cr')
  t.equal(judged('HTTP/1.1\rX'), 'bare-cr')
  t.equal(judged('HT\n'), 'bare-lf')
})

t.test('each byte is judged alone, so a read may end anywhere', async (t) => {
  for (let length = 0; length < VERSION_BYTES + 2; length++)
    t.equal(judged('HTTP/1.1\r\n'.slice(0, length)), 0)
})
