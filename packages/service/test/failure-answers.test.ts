import { type Exchange, type Failure, FAILURES } from '@pilotlight/relay'
import t from 'tap'
import { Answers } from '../src/answers.ts'
import { answerFailure } from '../src/failure-answers.ts'

const answers = new Answers('one')

interface Reply {
  readonly status: number
  readonly fields: string
  readonly body: string
  readonly outcome: string
}

/** What is answered to a failure, or null for what is left to the relay. */
function replyTo(failure: Failure): Reply | null {
  const replies: Reply[] = []
  const exchange = {
    upstream: { name: '127.0.0.1:8080' },
    reply: (status: number, fields: string, body: string, outcome: string) =>
      void replies.push({ status, fields, body, outcome }),
  } as unknown as Exchange
  const isAnswered = answerFailure(answers, exchange, failure, 'too late', 7, 'More: 1\r\n')
  t.equal(replies.length, isAnswered ? 1 : 0, failure)
  return replies[0] ?? null
}

const ALL = Object.keys(FAILURES) as Failure[]

t.test(
  'every answer has the status, the outcome and the error of the failure, and the lines of the caller',
  async (t) => {
    for (const failure of ALL) {
      const reply = replyTo(failure)
      if (reply === null) continue
      const { status, outcome, proxyError } = FAILURES[failure]
      t.match(reply, { status, outcome }, failure)
      t.ok(reply.fields.includes(`Proxy-Status: one; error=${proxyError}\r\n`), failure)
      t.ok(reply.fields.includes('More: 1\r\n'), failure)
    }
  },
)

t.test('a timeout has the text of the service; one in the queue says when to come again', async (t) => {
  for (const failure of ['total-timeout', 'response-start-timeout', 'idle-timeout'] as const) {
    const reply = replyTo(failure)
    t.equal(reply?.body, 'too late', failure)
    t.notMatch(reply?.fields, /Retry-After/, failure)
  }
  const queued = replyTo('queue-timeout')
  t.equal(queued?.body, `${FAILURES['queue-timeout'].text}\n`)
  t.match(queued?.fields, /^Retry-After: 7\r$/m)
})

t.test("what Go's proxy has words for is said in them", async (t) => {
  t.equal(replyTo('connect-refused')?.body, 'dial tcp 127.0.0.1:8080: connect: connection refused\n')
  t.equal(replyTo('connect-timeout')?.body, 'timed out dialing 127.0.0.1:8080\n')
  t.equal(replyTo('upstream-closed')?.body, 'EOF\n')
  t.equal(replyTo('response-refused')?.body, `${FAILURES['response-refused'].text}\n`)
})

t.test('nothing is answered to a client that left, nor to what the relay answers itself', async (t) => {
  t.equal(replyTo('client-gone'), null)
  t.equal(replyTo('request-refused'), null)
  for (const failure of ALL) if (FAILURES[failure].status === 0) t.equal(replyTo(failure), null, failure)
})
