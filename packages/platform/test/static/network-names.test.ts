import t, { type Test } from 'tap'
import { isAddress, isHost, isHttpUrl, isLabel, isRouteHost } from '../../src/static/network-names.ts'

const LABEL_63 = 'x'.repeat(63)
const NAME_253 = `${`${LABEL_63}.`.repeat(3)}${'x'.repeat(61)}`

function check(
  t: Test,
  is: (text: string) => boolean,
  valid: readonly string[],
  invalid: readonly string[],
): void {
  for (const text of valid) t.equal(is(text), true, text)
  for (const text of invalid) t.equal(is(text), false, text)
}

t.test('a label of DNS', async (t) => {
  check(
    t,
    isLabel,
    ['a', '0', 'a-b', 'a--b', LABEL_63],
    ['', '-', 'a-', '-a', 'A', 'a.b', 'a_b', 'é', 'a\n', `${LABEL_63}x`],
  )
})

t.test('a host is an IP address or a name', async (t) => {
  check(
    t,
    isHost,
    ['a', 'a.b', '1.a', '10.0.0.1', '::1', 'fd00::1', 'fe80::1', NAME_253],
    [
      '',
      '.',
      'a.',
      'a..b',
      '10.0.0',
      '10.0.0.256',
      '010.0.0.1',
      'a.1',
      '1',
      '[::1]',
      '::g',
      `${NAME_253}x`,
      'a b',
    ],
  )
})

t.test('an address is a host and a port', async (t) => {
  check(
    t,
    isAddress,
    ['a:1', 'a.b:65535', '10.0.0.1:80', '[::1]:80', '[fd00::1]:8012'],
    [
      '',
      'a',
      'a:',
      ':80',
      'a:0',
      'a:65536',
      'a:99999',
      'a:100000',
      'a:080',
      'a:+80',
      'a:80 ',
      ' a:80',
      'a:80/',
      '::1:80',
      '[::1]',
      '[]:80',
      '[10.0.0.1]:80',
      '[a]:80',
      '10.0.0:80',
      'a@b:80',
      'a:80:80',
    ],
  )
})

t.test('a host of a route may stand for all below it, and has no port', async (t) => {
  check(
    t,
    isRouteHost,
    ['a', 'a.test', '10.0.0.1', '*.test', '*.a.test'],
    ['', '*', '*.', '*a.test', 'a.*.test', '*.*.test', '*.10.0.0.1', '*.::1', '::1', '[::1]', 'a:80'],
  )
})

t.test('a URL that can be called', async (t) => {
  check(
    t,
    isHttpUrl,
    ['http://a', 'https://a:8443/b?c=d', 'HTTP://A', 'http://[::1]:80/'],
    ['', 'a', '/a', 'ftp://a', 'http://', 'http://a:b@c', 'http://a@c', 'http://a:99999', 'javascript:a'],
  )
})
