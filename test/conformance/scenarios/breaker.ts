import type { App } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import type { Answer } from '../support/messages.ts'
import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import { eventually, staysPending, within } from '../support/within.ts'
import { errorAnswer, ownAnswer, tally, textAnswer } from './answers.ts'

const FULL = errorAnswer(503, 'pending request queue full\n')
const PROBE = ['User-Agent: kube-probe/1.31', 'K-Network-Probe: queue']

const answers = (clients: readonly Client[]): Promise<(Answer | null)[]> =>
  Promise.all(clients.map((client) => client.answer()))

/** Sends one request more than there are places; gives the answer of the one that is refused, and the others. */
async function fills(
  scene: Scene,
  path: string,
  places: number,
): Promise<{ refused: Answer; held: Client[] }> {
  const clients = await scene.sendsMany(places + 1, path)
  const refusal = async (client: Client) => {
    const bytes = await client.inbox.peek(12)
    return bytes.toString().endsWith('503') ? client : new Promise<never>(() => {})
  }
  const client = await within('a refusal', Promise.race(clients.map(refusal)))
  return { refused: (await client.answer())!, held: clients.filter((one) => one !== client) }
}

/** Whether exactly `places` are free, now or soon: giving them back is nothing that can be seen from outside. */
async function becomeFree(scene: Scene, path: string, places: number): Promise<boolean> {
  await eventually(
    `${places} free places`,
    async () => {
      const { held } = await fills(scene, path, places)
      const isHeld = await staysPending(Promise.race(held.map((client) => client.inbox.peek(1))), 100)
      if (!isHeld) for (const client of held) client.close()
      return isHeld
    },
    (isHeld) => isHeld,
  )
  return true
}

/** Answers requests to `path` one after another and counts how many were there at a time. */
const counting = (app: App, path: string): { most: number; now: number } => {
  const count = { most: 0, now: 0 }
  app.on(path, async (request) => {
    count.most = Math.max(count.most, ++count.now)
    await new Promise((resolve) => setTimeout(resolve, 5))
    count.now--
    request.respond(200, [], 'ok')
  })
  return count
}

const places = (slots: number): Group => ({
  name: `breaker: containerConcurrency ${slots}`,
  environment: { CONTAINER_CONCURRENCY: String(slots) },
  scenarios: [
    same(
      `${slots} run, ${10 * slots} wait, one more is refused at once, and the waiting ones run as places get free`,
      async (scene) => {
        const held = scene.app.holds('/held')
        const clients = await scene.sendsMany(11 * slots + 1, '/held')
        const answered = clients.map((client) => client.answer())
        const refused = await Promise.race(answered)
        const atOnce = held.all.length
        for (let index = 0; index < 11 * slots; index++) (await held.next()).respond(200, [], 'ok')
        const all = (await Promise.all(answered)) as Answer[]
        return { refused: ownAnswer(refused!), atOnce: atOnce <= slots, all: tally(all) }
      },
      { refused: FULL, atOnce: true, all: { 200: 11 * slots, 503: 1 } },
    ),
    same(
      'what waits is given its place one by one, and never more than the limit is at the application',
      async (scene) => {
        const count = counting(scene.app, '/counted')
        const all = await answers(await scene.sendsMany(10 * slots, '/counted'))
        return { isWithin: count.most <= slots, all: tally(all as Answer[]) }
      },
      { isWithin: true, all: { 200: 10 * slots } },
    ),
    same(
      'a place that got free is given again, and only one',
      async (scene) => {
        const held = scene.app.holds('/refill')
        const filled = await fills(scene, '/refill', 11 * slots)
        ;(await held.next()).respond(200, [], 'ok')
        const first = await Promise.race(filled.held.map((client) => client.answer()))
        return [filled.refused.status, first?.status, await becomeFree(scene, '/refill', 1)]
      },
      [503, 200, true],
    ),
  ],
})

/** On a queue-proxy of their own, whose places nobody has left in a hurry before. */
const departures = (slots: number): Group => ({
  name: `breaker: departures and probes, containerConcurrency ${slots}`,
  environment: { CONTAINER_CONCURRENCY: String(slots) },
  scenarios: [
    same(
      'clients that leave while they wait give their places back',
      async (scene) => {
        const held = scene.app.holds('/left')
        await scene.sendsMany(slots, '/left')
        await held.reaches(slots)
        const waiting = await fills(scene, '/left', 10 * slots)
        for (const client of waiting.held.slice(0, 2)) client.close()
        return becomeFree(scene, '/left', 2)
      },
      true,
    ),
    same(
      'probes do not wait in the queue',
      async (scene) => {
        const held = scene.app.holds('/busy')
        await scene.sendsMany(slots + 1, '/busy')
        await held.reaches(slots)
        return ownAnswer(await scene.asks('/', { fields: PROBE }))
      },
      textAnswer(200, 'queue'),
    ),
    same(
      'what the kubelet marks passes by the limit, to the application',
      async (scene) => {
        const held = scene.app.holds('/marked')
        const clients = await scene.sendsMany(slots + 2, '/marked', { fields: ['K-Kubelet-Probe: x'] })
        await held.reaches(slots + 2)
        for (const request of held.all) request.respond(200)
        return tally((await answers(clients)) as Answer[])
      },
      { 200: slots + 2 },
    ),
  ],
})

/** Takes the only place and answers with what becomes of one more that may be refused. */
const refusing = async (scene: Scene) => {
  const held = scene.app.holds('/slot')
  const [first] = await scene.sendsMany(1, '/slot')
  const running = await held.next()
  const second = await scene.client()
  second.sends('/slot', { fields: ['Pilotlight-Refuse: when-busy'] })
  const answered = second.answer() as Promise<Answer>
  const waits = scene.kind === 'knative' && (await staysPending(answered, 500))
  if (!waits) await answered
  running.respond(200)
  await first.answer()
  if (waits) {
    const later = await held.next()
    later.respond(200)
    return { waits, status: (await answered).status, atApp: later.fields.get('Pilotlight-Refuse') }
  }
  const answer = await answered
  const third = await scene.client()
  third.sends('/slot', { fields: ['Pilotlight-Refuse: when-busy'] })
  const granted = await held.next()
  granted.respond(200)
  const { fields } = (await third.answer())!
  return {
    waits,
    status: answer.status,
    body: answer.body,
    refused: answer.fields.get('Pilotlight-Refused'),
    why: answer.fields.get('Proxy-Status'),
    slots: answer.fields.get('Pilotlight-Slots'),
    atApp: granted.fields.get('Pilotlight-Refuse'),
    slotsOfAnAnswer: fields.get('Pilotlight-Slots'),
  }
}

export const breaker: Group[] = [
  places(1),
  departures(1),
  places(10),
  departures(10),
  {
    name: 'breaker: answers',
    environment: { CONTAINER_CONCURRENCY: '1' },
    scenarios: [
      differs(
        'an overload answer says what is the matter and when to come back',
        'overload-explained',
        async (scene) => {
          scene.app.holds('/stuck')
          const { fields } = (await fills(scene, '/stuck', 11)).refused
          return { retryAfter: fields.get('Retry-After'), why: fields.get('Proxy-Status') }
        },
        { retryAfter: null, why: null },
        { retryAfter: /^\d+$/, why: /^queue-proxy; error=connection_limit_reached/ },
      ),
    ],
  },
  {
    name: 'breaker: refusal instead of waiting',
    environment: { CONTAINER_CONCURRENCY: '1' },
    scenarios: [
      differs(
        'a request that may be refused is refused when no place is free',
        'refusal-instead-of-waiting',
        refusing,
        { waits: true, status: 200, atApp: 'when-busy' },
        {
          waits: false,
          status: 503,
          body: 'no free slot\n',
          refused: 'busy',
          why: /^queue-proxy; error=connection_limit_reached/,
          slots: 'free=0, total=1',
          atApp: null,
          slotsOfAnAnswer: /^free=[01], total=1$/,
        },
      ),
    ],
  },
  {
    name: 'breaker: without a limit',
    environment: { CONTAINER_CONCURRENCY: '0' },
    scenarios: [
      same(
        'a thousand requests at a time, none refused, none waiting',
        async (scene) => {
          const held = scene.app.holds('/many')
          const clients = await scene.sendsMany(1000, '/many')
          await held.reaches(1000)
          for (const request of held.all) request.respond(200)
          return tally((await answers(clients)) as Answer[])
        },
        { 200: 1000 },
      ),
    ],
  },
]
