import fc from 'fast-check'
import t from 'tap'
import { isFieldValue, isHost, isToken } from '../src/field-text.ts'

const tchar = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

t.test('a token has the characters of RFC 9110, and one at least', async (t) => {
  t.notOk(isToken(''))
  for (let code = 0; code < 300; code++) {
    const character = String.fromCharCode(code)
    t.equal(isToken(`a${character}`), tchar.includes(character), `U+${code.toString(16)}`)
  }
})

t.test('a field value has no control but HTAB, and nothing beyond latin1', async (t) => {
  t.ok(isFieldValue(''))
  for (let code = 0; code < 300; code++) {
    const isAllowed = code === 9 || (code >= 0x20 && code <= 0xff && code !== 0x7f)
    t.equal(isFieldValue(`a${String.fromCharCode(code)}`), isAllowed, `U+${code.toString(16)}`)
  }
})

t.test('a host is a name, an address or a literal in brackets, with or without a port', async (t) => {
  for (const host of [
    '',
    'a.test',
    'a.test:80',
    'a:',
    '127.0.0.1:8080',
    '[::1]',
    '[::1]:80',
    "a_b~%41!$&'()*+,;=",
  ])
    t.ok(isHost(host), host)
  for (const host of [
    ':80',
    'a b',
    'a/b',
    'a:x',
    'a:1:2',
    '::1',
    '[]',
    '[::1',
    '[[::1]]',
    '[::1]x',
    'a[',
    'ü',
    'a\n',
    'a?',
    'a@b',
  ])
    t.notOk(isHost(host), JSON.stringify(host))
})

t.test('nothing that is let through ends a line', async () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\r', '\n', '\0'),
      fc.string(),
      (a, end, b) => {
        const text = `${a}${end}${b}`
        return !isToken(text) && !isFieldValue(text) && !isHost(text)
      },
    ),
  )
})
