import http from 'node:http'
import t from 'tap'
import { sentOn, Verdicts } from './support/against-llhttp.ts'
import { readCase, readCorpus } from './support/corpus.ts'
import { escaped } from './support/escapes.ts'
import { randomRequests } from './support/generate.ts'
import { RequestOracle } from './support/llhttp.ts'
import { type Message, readRequests } from './support/message-reader.ts'
import { Random } from './support/random.ts'
import { runs, SEED } from './support/settings.ts'

const oracle = new RequestOracle()

t.test('requests of the corpus are read as llhttp reads them, or listed', async (t) => {
  const verdicts = new Verdicts()
  for (const one of readCorpus('requests')) {
    verdicts.judge(one.name, one.input, readCase(one, [one.input]), await oracle.read(one.input))
  }
  for (const line of verdicts.report()) t.comment(line)
  t.equal(verdicts.unexplained.length, 0, 'every difference is listed')
})

t.test('random requests are read as llhttp reads them, or listed', async (t) => {
  const verdicts = new Verdicts()
  const random = new Random(SEED)
  for (let run = 0; run < runs(12_000); run++) {
    const input = Buffer.from(randomRequests(random), 'latin1')
    verdicts.judge(`seed ${SEED} run ${run}`, input, readRequests([input]), await oracle.read(input))
  }
  for (const line of verdicts.report()) t.comment(line)
  t.equal(verdicts.unexplained.length, 0, 'every difference is listed')
  t.ok(verdicts.accepted > verdicts.inputs / 4, 'most inputs are not refused at once')
})

t.test('what we send on is one request to llhttp, and the one that we read', async (t) => {
  const random = new Random(SEED + 1)
  const found: string[] = []
  let compared = 0
  const check = async (name: string, message: Message): Promise<void> => {
    if (!isReadable(message)) return
    const sent = sentOn(message)
    const { messages, end } = await oracle.read(sent)
    const wanted = [message.method, message.forwarded.split(' ', 2)[1], message.body, message.trailerLines]
    const read = messages.map((one) => [
      one.method,
      one.target,
      one.body,
      one.trailerFields.map(([field, value]) => `${field}: ${value}\r\n`).join(''),
    ])
    compared++
    const isSame = end === '' && messages[0]?.isComplete && JSON.stringify(read) === JSON.stringify([wanted])
    if (!isSame)
      found.push(`${name}: ${end}\n  ${escaped(sent.toString('latin1'))}\n  ${JSON.stringify(read)}`)
  }
  for (const one of readCorpus('requests')) {
    for (const message of readCase(one, [one.input]).messages) await check(one.name, message)
  }
  for (let run = 0; run < runs(6000); run++) {
    const input = Buffer.from(randomRequests(random), 'latin1')
    for (const message of readRequests([input]).messages) await check(`seed ${SEED + 1} run ${run}`, message)
  }
  for (const text of found.slice(0, 10)) t.comment(text)
  t.equal(found.length, 0, 'all are read as they were meant')
  t.ok(compared > 500, `${compared} compared`)
})

/** Whether llhttp can read the message at all; see the lenient classes of llhttp-differences.ts. */
function isReadable({ method, rawTarget, isComplete }: Message): boolean {
  return (
    isComplete &&
    method !== 'CONNECT' &&
    method !== 'SOURCE' &&
    http.METHODS.includes(method) &&
    !/[\x80-\xff]/.test(rawTarget)
  )
}
