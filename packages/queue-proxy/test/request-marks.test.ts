import fc from 'fast-check'
import t from 'tap'
import { Agent, RequestMarks } from '../src/request-marks.ts'
import { forwardedValues, requestHead } from './support/request-head.ts'

const marksOf = (lines: string[], isTrusted = true): RequestMarks => {
  const marks = new RequestMarks()
  marks.read(requestHead(...lines), isTrusted)
  return marks
}

t.test('the four meanings of a probe', async (t) => {
  const meanings = (...lines: string[]) => {
    const marks = marksOf(lines)
    return [marks.isHealthCheck, marks.isHashProbe, marks.isKubeletProbe, marks.isAnyProbe]
  }
  t.strictSame(meanings(), [false, false, false, false])
  t.strictSame(meanings('User-Agent: kube-probe/1.30'), [true, false, true, true])
  t.strictSame(meanings('user-agent: Knative-Activator-Probe'), [true, false, false, false])
  t.strictSame(meanings('User-Agent: Knative-Autoscaling-Probe/2'), [true, false, false, false])
  t.strictSame(
    meanings('User-Agent: Mozilla kube-probe/1.30'),
    [false, false, false, false],
    'only as a prefix',
  )
  t.strictSame(
    meanings('User-Agent: Kube-Probe/1.30'),
    [false, false, false, false],
    'values keep their case',
  )
  t.strictSame(meanings('K-Network-Probe: probe'), [false, true, false, true])
  t.strictSame(meanings('K-Network-Probe: queue'), [false, false, false, true])
  t.strictSame(meanings('K-Kubelet-Probe: x'), [false, false, true, true])
  t.strictSame(meanings('K-Kubelet-Probe:'), [false, false, false, false], 'an empty value is none')
  t.strictSame(
    meanings('K-Network-Probe: queue', 'K-Network-Probe: probe'),
    [false, false, false, true],
    'the first counts',
  )
})

t.test('fields of Knative and ours', async (t) => {
  const marks = marksOf([
    'k-proxy-request: activator',
    'K-ORIGINAL-HOST: b.example',
    'Pilotlight-Refuse: when-busy',
    'Knative-Serving-Namespace: default',
    'grpc-timeout: 1S',
  ])
  t.strictSame(
    [marks.isProxied, marks.originalHost, marks.mayRefuse, marks.namesRevision, marks.grpcTimeout],
    [true, 'b.example', true, true, '1S'],
  )
  t.equal(marksOf(['K-Proxy-Request: Activator']).isProxied, false)
  t.equal(marksOf(['Pilotlight-Refuse: always']).mayRefuse, false)
})

t.test('a reused instance forgets the request before', async (t) => {
  const marks = new RequestMarks()
  marks.read(
    requestHead(
      'User-Agent: kube-probe/1',
      'K-Network-Probe: probe',
      'X-Forwarded-For: a',
      'Forwarded: for=b',
    ),
    true,
  )
  marks.read(requestHead(), true)
  t.strictSame(marks, new RequestMarks())
})

t.test('route tags', async (t) => {
  const tag = (...lines: string[]) => marksOf(lines).routeTag
  t.equal(tag(), 'kn:disabled')
  t.equal(tag('Knative-Serving-Default-Route: false'), 'kn:default')
  t.equal(tag('Knative-Serving-Tag: v2'), 'v2')
  t.equal(tag('Knative-Serving-Tag: v2', 'Knative-Serving-Default-Route: false'), 'v2')
  t.equal(tag('Knative-Serving-Tag: v2', 'Knative-Serving-Default-Route: true'), 'kn:undefined')
})

t.test('fields from X-Forwarded and Forwarded count when they go on to the app', async (t) => {
  const found = (...lines: string[]) => {
    const marks = marksOf(lines)
    return [marks.hasForwarded, marks.hasForwardedFor, marks.hasForwardedOrigin]
  }
  t.strictSame(found('Forwarded: for=a'), [true, false, false])
  t.strictSame(found('X-Forwarded-For: a'), [false, true, false])
  t.strictSame(found('X-Forwarded-Proto: https'), [false, false, true])
  t.strictSame(found('X-Forwarded-Host: h'), [false, false, true])
  t.strictSame(found('X-Forwarded-For:', 'Forwarded:'), [false, false, false])
  t.strictSame(found('X-Forwarded-For: a', 'Connection: x-forwarded-for'), [false, false, false])
})

t.test('a peer that is not trusted steers nothing, and the app does not hear of it', async (t) => {
  const head = requestHead(
    'User-Agent: kube-probe/1.30',
    'K-Network-Probe: probe',
    'K-Kubelet-Probe: x',
    'K-Proxy-Request: activator',
    'K-Original-Host: evil.example',
    'X-Forwarded-For: 1.2.3.4',
    'Forwarded: for=1.2.3.4',
    'Pilotlight-Refuse: when-busy',
    'Accept: */*',
  )
  const marks = new RequestMarks()
  marks.read(head, false)
  t.strictSame(marks, new RequestMarks())
  t.equal(marks.agent, Agent.Other)
  t.strictSame(
    head.pairs().map(([name]) => name),
    ['Host', 'User-Agent', 'Accept'],
  )
  t.strictSame(forwardedValues(head, 'User-Agent'), ['kube-probe/1.30'])
})

t.test('the quick pass overlooks no field', async () => {
  const field = fc.constantFrom(
    'K-Network-Probe: probe',
    'K-Kubelet-Probe: y',
    'K-Proxy-Request: activator',
    'K-Original-Host: h.example',
    'X-Forwarded-For: a',
    'X-Forwarded-Host: h',
    'X-Forwarded-Proto: p',
    'Forwarded: for=x',
    'grpc-timeout: 5m',
    'Knative-Serving-Tag: t',
    'Knative-Serving-Revision: r',
    'Knative-Serving-Namespace: n',
    'Knative-Serving-Default-Route: true',
    'Pilotlight-Refuse: when-busy',
    'Accept: a',
    'X-Request-Id-Abc: 1',
  )
  const cased = fc.tuple(field, fc.boolean()).map(([line, isLower]) => {
    const [name, value] = line.split(': ')
    return `${isLower ? name.toLowerCase() : name.toUpperCase()}: ${value}`
  })
  fc.assert(
    fc.property(fc.uniqueArray(cased, { maxLength: 4, selector: (line) => line.toLowerCase() }), (lines) => {
      const marks = marksOf(lines)
      const has = (name: string) => lines.some((line) => line.toLowerCase().startsWith(`${name}:`))
      const expected = {
        isHashProbe: has('k-network-probe'),
        hasKubeletProbe: has('k-kubelet-probe'),
        isProxied: has('k-proxy-request'),
        originalHost: has('k-original-host') ? 'h.example' : '',
        hasForwardedFor: has('x-forwarded-for'),
        hasForwardedOrigin: has('x-forwarded-host') || has('x-forwarded-proto'),
        hasForwarded: has('forwarded'),
        grpcTimeout: has('grpc-timeout') ? '5m' : '',
        tag: has('knative-serving-tag') ? 't' : '',
        namesRevision: has('knative-serving-revision') || has('knative-serving-namespace'),
        defaultRoute: has('knative-serving-default-route') ? 'true' : '',
        mayRefuse: has('pilotlight-refuse'),
      }
      for (const [name, value] of Object.entries(expected))
        if (marks[name as keyof RequestMarks] !== value) throw new Error(`${name} of ${lines.join(', ')}`)
    }),
    { numRuns: 2000 },
  )
})
