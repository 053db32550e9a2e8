import fc from 'fast-check'
import t from 'tap'
import { parseProbes } from '../../src/readiness/probe-spec.ts'

const FULL = {
  httpGet: {
    path: '/r?a=b',
    port: 3000,
    host: '127.0.0.1',
    scheme: 'HTTP',
    httpHeaders: [{ name: 'A', value: 'b' }],
  },
  timeoutSeconds: 1,
  periodSeconds: 5,
  successThreshold: 1,
  failureThreshold: 3,
}
const FULL_SPEC = {
  action: {
    kind: 'httpGet',
    scheme: 'HTTP',
    host: '127.0.0.1',
    port: '3000',
    path: '/r?a=b',
    headers: [{ name: 'A', value: 'b' }],
  },
  timeoutSeconds: 1,
  periodSeconds: 5,
  successThreshold: 1,
}

t.test('one probe is an object, several are a list', async (t) => {
  t.strictSame(parseProbes(JSON.stringify(FULL), false), [FULL_SPEC])
  t.strictSame(parseProbes(JSON.stringify([FULL, FULL]), true), [FULL_SPEC, FULL_SPEC])
  t.strictSame(parseProbes('[]', true), [])
})

t.test('an empty string is no probe, and so is a null instead of a list', async (t) => {
  t.strictSame(parseProbes('', false), [])
  t.strictSame(parseProbes('', true), [])
  t.strictSame(parseProbes('null', true), [])
})

t.test('what is absent or null is zero or empty; scheme and host are those of kubelet', async (t) => {
  const zero = { periodSeconds: 0, timeoutSeconds: 0, successThreshold: 0 }
  const http = { kind: 'httpGet', scheme: 'HTTP', host: '127.0.0.1', port: '0', path: '', headers: [] }
  t.strictSame(parseProbes('{"httpGet":{}}', false), [{ action: http, ...zero }])
  const nulls = '{"httpGet":{"path":null,"port":null,"host":null,"httpHeaders":null},"periodSeconds":null}'
  t.strictSame(parseProbes(nulls, false), [{ action: http, ...zero }])
  t.strictSame(parseProbes('{"grpc":{"port":9000,"service":null}}', false), [
    { action: { kind: 'grpc', port: 9000, service: '' }, ...zero },
  ])
})

t.test('a null entry is a probe without a handler', async (t) => {
  t.strictSame(
    parseProbes('[null,{}]', true).map(({ action }) => action),
    [{ kind: 'none' }, { kind: 'none' }],
  )
  t.strictSame(parseProbes('null', false)[0].action, { kind: 'none' })
})

t.test('ports are numbers or strings', async (t) => {
  const portOf = (port: string): unknown => parseProbes(`{"tcpSocket":{"port":${port}}}`, false)[0].action
  t.strictSame(portOf('8080'), { kind: 'tcpSocket', host: '', port: '8080' })
  t.strictSame(portOf('"8080"'), { kind: 'tcpSocket', host: '', port: '8080' })
  t.strictSame(portOf('"http"'), { kind: 'tcpSocket', host: '', port: 'http' })
})

t.test('keys match in any case and unknown ones are ignored, as Go does it', async (t) => {
  const [{ action, periodSeconds }] = parseProbes(
    '{"TCPSOCKET":{"Port":1,"x":{}},"periodseconds":3,"y":1}',
    false,
  )
  t.strictSame(action, { kind: 'tcpSocket', host: '', port: '1' })
  t.equal(periodSeconds, 3)
})

t.test('of several handlers the first of httpGet, tcpSocket, grpc, exec counts', async (t) => {
  const kinds = ['httpGet', 'tcpSocket', 'grpc', 'exec']
  for (let from = 0; from < kinds.length; from++) {
    const probe = Object.fromEntries(kinds.slice(from).map((kind) => [kind, {}]))
    const reversed = Object.fromEntries(Object.entries(probe).toReversed())
    t.equal(parseProbes(JSON.stringify(reversed), false)[0].action.kind, kinds[from])
  }
})

t.test('what is wrong is named with its path and with what is valid', async (t) => {
  const cases: [json: string, isList: boolean, message: string][] = [
    ['"x"', false, 'the readiness probe is "x", valid is a probe, as in {"tcpSocket":{"port":8080}}'],
    ['[]', false, 'the readiness probe is [], valid is a probe, as in {"tcpSocket":{"port":8080}}'],
    ['{}', true, 'the readiness probe is {}, valid is a list of probes'],
    ['[{},1]', true, '[1] of the readiness probe is 1, valid is a probe, as in {"tcpSocket":{"port":8080}}'],
    ['{"httpGet":1}', false, 'httpGet of the readiness probe is 1, valid is an object with a port'],
    [
      '{"httpGet":{"port":true}}',
      false,
      'httpGet.port of the readiness probe is true, valid is a port number, or a string',
    ],
    [
      '{"httpGet":{"port":2147483648}}',
      false,
      'httpGet.port of the readiness probe is 2147483648, valid is a port number, or a string',
    ],
    [
      '[{"httpGet":{"httpHeaders":[{"name":"a"},{"name":"b","value":2}]}}]',
      true,
      '[0].httpGet.httpHeaders[1].value of the readiness probe is 2, valid is a string',
    ],
    [
      '{"httpGet":{"httpHeaders":{}}}',
      false,
      'httpGet.httpHeaders of the readiness probe is {}, valid is a list of names and values',
    ],
    [
      '{"periodSeconds":1.5}',
      false,
      'periodSeconds of the readiness probe is 1.5, valid is a whole number of 32 bits',
    ],
    [
      '{"failureThreshold":"3"}',
      false,
      'failureThreshold of the readiness probe is "3", valid is a whole number of 32 bits',
    ],
    [
      '{"grpc":{"port":"9000"}}',
      false,
      'grpc.port of the readiness probe is "9000", valid is a whole number of 32 bits',
    ],
    [
      '{"httpGet":{},"tcpSocket":{"host":1}}',
      false,
      'tcpSocket.host of the readiness probe is 1, valid is a string',
    ],
  ]
  for (const [json, isList, message] of cases) t.throws(() => parseProbes(json, isList), { message }, json)
  t.throws(() => parseProbes('{"grpc":{}} x', false), { message: /^the readiness probe is not JSON: / })
})

t.test('any JSON is read or refused with a message about the probe', async (t) => {
  fc.assert(
    fc.property(fc.json(), fc.boolean(), (json, isList) => {
      try {
        parseProbes(json, isList)
        return true
      } catch (error) {
        return (error as Error).message.includes('the readiness probe is')
      }
    }),
    { numRuns: 2000 },
  )
  t.pass()
})
