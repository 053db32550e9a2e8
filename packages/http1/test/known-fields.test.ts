import t from 'tap'
import { equalsIgnoringCase, KnownField, knownField } from '../src/known-fields.ts'

const NAMES: Readonly<Record<string, number>> = {
  host: KnownField.Host,
  connection: KnownField.Connection,
  'content-length': KnownField.ContentLength,
  'transfer-encoding': KnownField.TransferEncoding,
  expect: KnownField.Expect,
  upgrade: KnownField.Upgrade,
  te: KnownField.Te,
  trailer: KnownField.Trailer,
  'keep-alive': KnownField.KeepAlive,
  'proxy-connection': KnownField.ProxyConnection,
  'proxy-authenticate': KnownField.ProxyAuthenticate,
  'proxy-authorization': KnownField.ProxyAuthorization,
  'http2-settings': KnownField.Http2Settings,
  date: KnownField.Date,
}

const known = (name: string): number => knownField(`<${name}>`, 1, 1 + name.length)

t.test('every known field is known in any case', async (t) => {
  t.equal(Object.keys(NAMES).length + 1, Object.keys(KnownField).length, 'no field is missing here')
  for (const [name, field] of Object.entries(NAMES)) {
    t.equal(known(name), field, name)
    t.equal(known(name.toUpperCase()), field, name.toUpperCase())
  }
})

t.test('a name that differs in one byte is another field', async (t) => {
  for (const name of Object.keys(NAMES)) {
    for (let i = 0; i < name.length; i++) {
      for (const byte of ['_', '\x00', '\xff'])
        t.equal(known(name.slice(0, i) + byte + name.slice(i + 1)), KnownField.Other)
      // Bit 5 makes the case of letters only: `-` and CR, `2` and DC2 are not the same.
      if (!/[a-z]/.test(name[i])) {
        const flipped = String.fromCharCode(name.charCodeAt(i) ^ 0x20)
        t.equal(known(name.slice(0, i) + flipped + name.slice(i + 1)), KnownField.Other)
      }
    }
    t.equal(known(`${name}s`), KnownField.Other)
    t.equal(known(name.slice(1)), KnownField.Other)
  }
  t.equal(known(''), KnownField.Other)
})

t.test('only ASCII letters have a case', async (t) => {
  t.ok(equalsIgnoringCase('xHOSTx', 1, 'host'))
  t.notOk(equalsIgnoringCase('\u{212a}', 0, 'k'), 'the Kelvin sign is no k')
  t.notOk(equalsIgnoringCase('ho', 0, 'host'), 'a text that ends is not equal')
})
