import t from 'tap'
import { isHost } from '../src/host.ts'

t.test('a host is a name or an address, with or without a port', async (t) => {
  for (const host of [
    'a',
    'a.example',
    'a.example:80',
    'a.example:',
    '127.0.0.1:8080',
    '[::1]',
    '[::1]:80',
    '[v1.x]',
    'a_b-c.d.',
    'a%20b',
    "!$&'()*+,;=",
  ]) {
    t.ok(isHost(host), host)
  }
})

t.test('an empty host is what a target without authority has', async (t) => {
  t.ok(isHost(''))
  t.notOk(isHost(':'), 'but not with a port (RFC 9110 section 4.2.1)')
  t.notOk(isHost(':80'))
})

t.test('anything else is no host', async (t) => {
  const wrong = [
    'a b',
    'a/b',
    'a?b',
    'a#b',
    'a\\b',
    'u@a',
    'a:b',
    'a:1:2',
    'a:-1',
    '::1',
    '[::1',
    '::1]',
    '[]',
    '[a][b]',
    '[::1]a',
    'a[::1]',
    '"a"',
    'a\0',
    'a\r\nb',
    '\xe9',
    'é€',
    'a\u{212a}',
  ]
  for (const host of wrong) t.notOk(isHost(host), JSON.stringify(host))
})
