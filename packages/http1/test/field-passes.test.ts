import t from 'tap'
import { RequestHead } from '../src/request-head.ts'

t.test('a pass over the fields reads names and values without taking them out of the text', async (t) => {
  const head = new RequestHead()
  const bytes = Buffer.from(
    'GET / HTTP/1.1\r\nHost: a\r\nUSER-agent:  kube-probe/1.2 \r\nX:\r\n\r\n',
    'latin1',
  )
  t.equal(head.parse(bytes, 0, bytes.length), bytes.length)
  const agent = head.indexOf('user-agent')
  t.equal(head.nameLength(agent), 10)
  t.equal(head.text.slice(head.nameStart(agent), head.nameStart(agent) + 10), 'USER-agent')
  t.equal(head.isNamed(agent, 'user-agent'), true)
  t.equal(head.isNamed(agent, 'user-agents'), false)
  t.equal(head.isNamed(agent, 'user-agenz'), false)
  t.equal(head.valueStartsWith(agent, 'kube-probe/'), true)
  t.equal(head.valueStartsWith(agent, 'Kube-probe/'), false)
  t.equal(head.valueStartsWith(agent, 'kube-probe/1.2'), true)
  t.equal(head.valueStartsWith(agent, 'kube-probe/1.2 '), false, 'it does not look behind the value')
  const empty = head.indexOf('x')
  t.equal(head.valueStartsWith(empty, ''), true)
  t.equal(head.valueStartsWith(empty, '\r'), false)
})
