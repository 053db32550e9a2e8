import fc from 'fast-check'
import t from 'tap'
import { DEFAULT_TEMPLATE } from '../../src/request-log/default-template.ts'
import { compileTemplate } from '../../src/request-log/template.ts'
import { bytesOf, recordOf, type Sample } from './support/record.ts'

const SEED = Number(process.env['FC_SEED'] ?? 20_261_121)
const render = (template: string, sample: Sample = {}): string =>
  compileTemplate(template).render(recordOf(sample))
const FAILURE = /^Invalid request log template: /

t.test('the default template gives the line that Knative documents', async (t) => {
  const line = render(DEFAULT_TEMPLATE, {
    method: 'POST',
    target: '/a?b=c',
    headers: [
      ['User-Agent', "it's me"],
      ['Referer', 'http://r.example/'],
    ],
    contentLength: 7,
    status: 201,
    latencySeconds: 0.00001234,
    traceId: 'abc',
  })
  t.equal(
    line,
    '{"httpRequest": {"requestMethod": "POST", "requestUrl": "/a?b\\u003Dc", "requestSize": "7", "status": 201, ' +
      '"responseSize": "12", "userAgent": "it\\u0027s me", "remoteIp": "10.0.0.1:4711", "serverIp": "10.0.0.9", ' +
      '"referer": "http://r.example/", "latency": "1.234e-05s", "protocol": "HTTP/1.1"}, "traceId": "abc"}\n',
  )
})

t.test('the default template gives JSON with the strings of the request, whatever they are', async (t) => {
  const text = fc.string({ unit: 'binary', maxLength: 40 })
  const property = fc.property(text, text, text, text, text, (method, target, agent, referer, traceId) => {
    const headers = [
      ['User-Agent', agent],
      ['Referer', referer],
    ] as const
    const record = { ...recordOf({ target, headers, traceId }), method: bytesOf(method) }
    const line = compileTemplate(DEFAULT_TEMPLATE).render(record)
    const { httpRequest, traceId: shownId } = JSON.parse(line)
    t.equal(line.indexOf('\n'), line.length - 1)
    for (const [sent, got] of [
      [method, httpRequest.requestMethod],
      [target, httpRequest.requestUrl],
      [agent, httpRequest.userAgent],
      [referer, httpRequest.referer],
      [traceId, shownId],
    ]) {
      // Controls are shown percent-encoded; everything else comes back as it is.
      const wanted = sent.toWellFormed().replace(/[^\P{Cc}\t]|[\u2028\u2029]/gu, encodeURIComponent)
      if (got !== wanted) throw new Error(`${JSON.stringify(sent)} became ${JSON.stringify(got)}`)
    }
  })
  fc.assert(property, { seed: SEED, numRuns: 500 })
})

t.test('bytes that are no UTF-8 are replaced, and the line stays JSON', async (t) => {
  const record = { ...recordOf(), method: 'GET', target: '/\xff\xc3(\x80' }
  t.equal(
    JSON.parse(compileTemplate(DEFAULT_TEMPLATE).render(record)).httpRequest.requestUrl,
    '/\ufffd\ufffd(\ufffd',
  )
})

t.test('js escapes what Go escapes in another way as JSON', async (t) => {
  t.equal(render(`{{js "it's \\U000E0001 ok"}}`), 'it\\u0027s \\uDB40\\uDC01 ok\n')
})

t.test('a request cannot start a line, whatever the template does with its strings', async (t) => {
  const headers = [['X-Evil', 'a\u0085b\u2028c\u001b[2Jd']] as const
  const target = '/x%0aINJECTED?q=%0D%0Ay%E2%80%A8'
  const lines = [
    '{{.Request.URL.Path}}',
    '{{.Request.URL.Query.Get "q"}} {{.Request.URL.Query}} {{index .Request.URL.Query "q" 0}}',
    '{{.Request.Header.Get "x-evil"}} {{.Request.Header}} {{range .Request.Header.Values "X-Evil"}}{{.}}{{end}}',
    '{{printf "%s %v" .Request.URL.Path .Request.Header}} {{print .Request.URL.Path}} {{html .Request.URL.Path}}',
    '{{.Missing}} failed',
  ]
  for (const template of lines)
    t.notMatch(render(template, { target, headers }).slice(0, -1), /[\p{Cc}\u2028\u2029]/u)
  t.equal(render('{{.Request.URL.Path}}', { target }), '/x%0AINJECTED\n')
  t.equal(render('{{println .Request.Method}}a\n{{"\\n"}}'), 'GET\na\n\n\n', 'but the template itself may')
})

t.test('one line feed ends the line', async (t) => {
  t.equal(render('x'), 'x\n')
  t.equal(render('x\n'), 'x\n')
})

t.test('credentials in a URL are not logged', async (t) => {
  t.equal(render('{{.Request.URL}}', { target: 'http://user:secret@a.example/x' }), 'http://a.example/x\n')
})

t.test('TLS prints as Knative shows it: nil, or a struct', async (t) => {
  t.equal(render('TLS: {{.Request.TLS}}'), 'TLS: <nil>\n')
  t.equal(render('TLS: {{.Request.TLS}}', { tls: true }), 'TLS: {772 true false 4865 h2 a.example}\n')
})

t.test('a template that does not fit a request gives the line that Knative writes then', async (t) => {
  t.equal(
    render('{{.Nope}}', { target: '/a b', status: 404, latencySeconds: 0.5, method: 'PUT' }),
    'Invalid request log template: method: PUT, response code: 404, latency: 0.5, url: /a%20b\n',
  )
  for (const template of [
    '{{.}}',
    '{{.Request}}',
    '{{printf "%d" .Request.URL}}',
    '{{printf (print "%" "p") 1}}',
    '{{printf "%x" 1.5}}',
    '{{with .Request}}{{.Body}}{{end}}',
    '{{$h := .Request.Header}}{{$h.Del "x"}}',
    '{{slice (.Request.Header.Values "a") 0 0 0}}',
  ])
    t.match(render(template), FAILURE, template)
})

t.test('rendering is bounded', async (t) => {
  const grow = '{{$x := "0123456789"}}{{range 60}}{{$x = print $x $x}}{{end}}'
  t.match(render(grow), FAILURE, 'strings')
  t.match(render(`{{range 9000}}${'x'.repeat(100)}{{end}}`), FAILURE, 'the line')
  t.match(render('{{range 1000000000}}{{end}}'), FAILURE, 'turns of a range')
  t.match(render('{{range 1000}}{{range 1000}}{{end}}{{end}}'), FAILURE, 'turns of ranges')
  t.throws(() => compileTemplate('{{if true}}'.repeat(60) + '{{end}}'.repeat(60)), /nested deeper than 50/)
  t.throws(() => compileTemplate(`{{${'('.repeat(5000)}1${')'.repeat(5000)}}}`), /nested deeper than 50/)
})

t.test('nothing is left of one rendering in the next', async (t) => {
  const template = compileTemplate(
    '{{if .TraceID}}{{$x := .TraceID}}{{$x}}{{end}}{{and false ($y := .TraceID)}}{{$y}}',
  )
  template.render(recordOf({ traceId: 'secret' }))
  t.notMatch(template.render(recordOf()), /secret/)
})

t.test('what does not compile is refused with its place and a reason', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['a\n{{.Request.Method', 'line 2, column 1: unclosed action'],
    ['{{nope}}', 'line 1, column 3: function "nope" not defined'],
    ['{{define "x"}}{{end}}', 'line 1, column 3: {{define}} is not supported'],
    ['{{template "x"}}', 'line 1, column 3: {{template}} is not supported'],
    ['{{block "x" .}}{{end}}', 'line 1, column 3: {{block}} is not supported'],
    ['{{call .x}}', 'line 1, column 3: the function call is not supported'],
    ['{{.Request.Body}}', 'line 1, column 3: .Request.Body is not supported'],
    ['{{$.Request.FormValue "x"}}', 'line 1, column 3: .Request.FormValue is not supported'],
    ['{{(.Request.URL).User}}{{.Request.URL.User}}', 'line 1, column 26: .URL.User is not supported'],
    ['{{.Request.TLS.PeerCertificates}}', 'line 1, column 3: .TLS.PeerCertificates is not supported'],
    ['{{printf "%#v" 1}}', 'line 1, column 3: printf: the flag # in "%#v" is not supported'],
    [
      '{{printf "%*d" 1 2}}',
      'line 1, column 3: printf: a width or precision by argument (*) in "%*d" is not supported',
    ],
    ['{{printf "%[1]d" 2}}', 'line 1, column 3: printf: an argument index in "%[" is not supported'],
    ['{{printf "%U" 2}}', 'line 1, column 3: printf: the verb U in "%U" is not supported'],
    [
      '{{printf "%9999d" 2}}',
      'line 1, column 3: printf: a width or precision above 1000 in "%9999d" is not supported',
    ],
    ['{{printf "%" 2}}', 'line 1, column 3: printf: a format that ends in a % in "%" is not supported'],
    ['{{1i}}', 'line 1, column 3: complex numbers are not supported: 1i'],
    ['{{0x1p4}}', 'line 1, column 3: hexadecimal floats are not supported: 0x1p4'],
    ['{{9007199254740993}}', 'line 1, column 3: integers above 2^53 are not supported: 9007199254740993'],
    ['{{"\\xff"}}', 'line 1, column 3: the escape \\xff of a byte beyond ASCII is not supported; write \\u'],
    ['{{$x = 1}}', 'line 1, column 3: undefined variable "$x"'],
    ['{{.a.constructor.b}}{{.constructor.a}}{{', 'line 1, column 39: unclosed action'],
  ]
  for (const [template, reason] of cases)
    t.throws(() => compileTemplate(template), { message: `request log template, ${reason}` }, template)
})

t.test('any text compiles or is refused, and renders', async () => {
  const words =
    '{{ }} {{- -}} . $ $x := = | ( ) , "a" `b` \'c\' 1 -1.5 if else end range with break continue define nil true eq ' +
    'print index printf "%d" .Request .Header .URL .Response .Code /* */ é \\ " { }'
  const unit = fc.constantFrom(' ', '\n', ...words.split(' '))
  const property = fc.property(fc.array(unit, { maxLength: 20 }), (parts) => {
    let template
    try {
      template = compileTemplate(parts.join(''))
    } catch (error) {
      if (!/^request log template, line \d+, column \d+: ./s.test((error as Error).message)) throw error
      return
    }
    if (!template.render(recordOf()).endsWith('\n')) throw new Error('no line feed')
  })
  fc.assert(property, { seed: SEED, numRuns: 5000 })
})

t.test('a header is looked up only when the template asks', async (t) => {
  let asked = 0
  const record = { ...recordOf(), header: () => (asked++, []), headerPairs: () => (asked++, []) }
  compileTemplate('{{.Request.Method}} {{.Request.URL}} {{.Response.Code}}').render(record)
  t.equal(asked, 0)
  compileTemplate('{{.Request.UserAgent}}').render(record)
  t.equal(asked, 1)
})
