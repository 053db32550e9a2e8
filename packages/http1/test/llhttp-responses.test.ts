import t from 'tap'
import { sentOn, Verdicts } from './support/against-llhttp.ts'
import { readCorpus } from './support/corpus.ts'
import { escaped } from './support/escapes.ts'
import { randomResponses } from './support/generate.ts'
import { readResponsesWithLlhttp } from './support/llhttp.ts'
import { type Message, readResponses } from './support/message-reader.ts'
import { Random } from './support/random.ts'
import { runs, SEED } from './support/settings.ts'

const METHODS = ['GET', 'GET', 'POST', 'HEAD']

/** node:http writes methods in capitals, so it cannot ask with another one; it reads one final response. */
const cases = readCorpus('responses').filter(({ methods }) => methods[0] === methods[0].toUpperCase())

t.test('responses of the corpus are read as llhttp reads them, or listed', async (t) => {
  const verdicts = new Verdicts()
  for (const { name, input, methods, limits } of cases) {
    const method = methods[0]
    verdicts.judge(
      name,
      input,
      readResponses([input], [method], limits),
      await readResponsesWithLlhttp(input, method),
    )
  }
  for (const line of verdicts.report()) t.comment(line)
  t.equal(verdicts.unexplained.length, 0, 'every difference is listed')
})

t.test('random responses are read as llhttp reads them, or listed', async (t) => {
  const verdicts = new Verdicts()
  const random = new Random(SEED)
  for (let run = 0; run < runs(8000); run++) {
    const input = Buffer.from(randomResponses(random), 'latin1')
    const method = random.pick(METHODS)
    const theirs = await readResponsesWithLlhttp(input, method)
    verdicts.judge(`seed ${SEED} run ${run} ${method}`, input, readResponses([input], [method]), theirs)
  }
  for (const line of verdicts.report()) t.comment(line)
  t.equal(verdicts.unexplained.length, 0, 'every difference is listed')
  t.ok(verdicts.accepted > verdicts.inputs / 4, 'most inputs are not refused at once')
})

t.test('what we send on is one response to llhttp, and the one that we read', async (t) => {
  const random = new Random(SEED + 1)
  const found: string[] = []
  let compared = 0
  const check = async (name: string, method: string, message: Message): Promise<void> => {
    if (!message.isComplete || message.status < 200) return
    const sent = sentOn(message)
    const { messages, end } = await readResponsesWithLlhttp(sent, method)
    const wanted = [message.status, message.body, message.trailerLines]
    const read = messages.map((one) => [
      one.status,
      one.body,
      one.trailerFields.map(([field, value]) => `${field}: ${value}\r\n`).join(''),
    ])
    compared++
    const isSame = end === '' && messages[0]?.isComplete && JSON.stringify(read) === JSON.stringify([wanted])
    if (!isSame)
      found.push(`${name}: ${end}\n  ${escaped(sent.toString('latin1'))}\n  ${JSON.stringify(read)}`)
  }
  for (const { name, input, methods, limits } of cases) {
    for (const message of readResponses([input], [methods[0]], limits).messages)
      await check(name, methods[0], message)
  }
  for (let run = 0; run < runs(4000); run++) {
    const input = Buffer.from(randomResponses(random), 'latin1')
    const method = random.pick(METHODS)
    for (const message of readResponses([input], [method]).messages)
      await check(`seed ${SEED + 1} run ${run}`, method, message)
  }
  for (const text of found.slice(0, 10)) t.comment(text)
  t.equal(found.length, 0, 'all are read as they were meant')
  t.ok(compared > 500, `${compared} compared`)
})
