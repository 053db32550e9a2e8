import { Environment } from '@pilotlight/telemetry'
import t from 'tap'
import { readTlsRules, type TlsRules } from '../src/tls-rules.ts'

function read(values: Record<string, string>, prefix = 'A_'): { rules: TlsRules; problems: string[] } {
  const env = new Environment(values)
  return { rules: readTlsRules(env, prefix), problems: env.problems }
}

t.test('without variables it is TLS 1.3 with what OpenSSL prefers', async (t) => {
  t.strictSame(read({}), {
    rules: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: '', groups: '' },
    problems: [],
  })
})

t.test("Go's names become OpenSSL's; only variables with the prefix count", async (t) => {
  const values = {
    A_MIN_VERSION: '1.2',
    A_CIPHER_SUITES:
      ' TLS_RSA_WITH_AES_128_CBC_SHA,,TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    A_CURVE_PREFERENCES: 'CurveP256, X25519MLKEM768',
    B_MIN_VERSION: 'nobody reads it',
  }
  t.strictSame(read(values), {
    rules: {
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: 'AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256',
      groups: 'P-256:X25519MLKEM768',
    },
    problems: [],
  })
})

t.test('what is not known is named with its variable', async (t) => {
  const { problems } = read(
    {
      B_MIN_VERSION: '1.1',
      B_MAX_VERSION: 'TLSv1.3',
      B_CIPHER_SUITES: 'AES128-SHA,constructor',
      B_CURVE_PREFERENCES: 'toString',
    },
    'B_',
  )
  t.match(problems, [
    /^B_MIN_VERSION is "1\.1": it must be 1\.2 or 1\.3$/,
    /^B_MAX_VERSION is "TLSv1\.3": it must be 1\.2 or 1\.3$/,
    /^B_CIPHER_SUITES has "AES128-SHA":/,
    /^B_CIPHER_SUITES has "constructor":/,
    /^B_CURVE_PREFERENCES has "toString":/,
  ])
  t.equal(problems.length, 5)
})
