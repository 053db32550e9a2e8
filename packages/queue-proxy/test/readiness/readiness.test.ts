import { createServer, type Server } from 'node:net'
import t from 'tap'
import { failure, type ProbeOutcome } from '@pilotlight/probe'
import { parseProbes } from '../../src/readiness/probe-spec.ts'
import { Readiness } from '../../src/readiness/readiness.ts'
import { freePort, listen, startHttp1, startSilent, within } from '../../../../test/support/probed-apps.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { readinessOf } from './support/probing.ts'

const NORMAL = { periodSeconds: 1, timeoutSeconds: 5 }
const tcp = (port: number, more: object = {}): object => ({ tcpSocket: { port, host: '127.0.0.1' }, ...more })
const http = (port: number, more: object = {}): object => ({ httpGet: { port, path: '/r' }, ...more })

/** A Readiness on a clock the test turns, whose attempts end as the test says: by port. */
function scripted(
  probes: readonly object[],
  outcomeOf: (port: number) => ProbeOutcome | Promise<ProbeOutcome>,
): { readiness: Readiness; clock: FakeClock; lines: string[]; attempts: number[]; timeouts: number[] } {
  const clock = new FakeClock()
  const lines: string[] = []
  const attempts: number[] = []
  const timeouts: number[] = []
  const readiness = new Readiness(parseProbes(JSON.stringify(probes), true), {
    detectHttp2: false,
    print: (line) => lines.push(line),
    clock,
    start: (action, timeoutMs) => {
      const port = 'port' in action ? Number(action.port) : 0
      attempts.push(port)
      timeouts.push(timeoutMs)
      return { outcome: Promise.resolve(outcomeOf(port)), cancel: () => {} }
    },
  })
  return { readiness, clock, lines, attempts, timeouts }
}

const refused: ProbeOutcome = { text: 'refused', isRefused: true }

t.test('without probes the app is always ready', async (t) => {
  const { readiness, lines } = readinessOf(t, [])
  t.equal(await readiness.check(), true)
  t.equal(await readiness.awaitReady(0).result, true)
  t.strictSame(lines, [])
})

t.test('a normal check is one attempt; what is wrong is printed', async (t) => {
  const { readiness, attempts, lines, timeouts, clock } = scripted([tcp(1, NORMAL)], () => refused)
  t.equal(await readiness.check(), false)
  t.strictSame(attempts, [1])
  t.strictSame(timeouts, [5000])
  t.strictSame(lines, ['refused'])
  t.equal(await readiness.check(), false)
  t.equal(attempts.length, 2)
  t.equal(clock.pending, 0)
})

t.test('success and failure thresholds do not matter to a normal check', async (t) => {
  const { readiness } = scripted([tcp(1, { ...NORMAL, successThreshold: 3 })], () => null)
  t.equal(await readiness.check(), true)
})

t.test('a normal probe without a time has that of kubelet', async (t) => {
  const probes = [tcp(1, { periodSeconds: 1 }), tcp(2, { periodSeconds: 1, timeoutSeconds: 2147483647 })]
  const { readiness, timeouts } = scripted(probes, () => null)
  await readiness.check()
  t.strictSame(timeouts, [1000, 2147483647], 'and the longest a timer can have')
})

t.test('no handler and exec fail at once in both modes, and in Knative words', async (t) => {
  const cases: [probe: object | null, text: string][] = [
    [null, 'no probe found'],
    [{}, 'no probe found'],
    [{ ...NORMAL }, 'no probe found'],
    [{ exec: { command: ['true'] } }, 'exec probe not supported'],
    [{ exec: {}, ...NORMAL }, 'exec probe not supported'],
  ]
  for (const [probe, text] of cases) {
    const { readiness, lines } = readinessOf(t, [probe as object])
    t.equal(await readiness.check(), false)
    t.strictSame(lines, [text])
  }
})

t.test('an aggressive check waits for the app, and says nothing once it is ready', async (t) => {
  let outcome: ProbeOutcome = refused
  const { readiness, clock, lines, timeouts, attempts } = scripted([tcp(1)], () => outcome)
  const check = readiness.check()
  await clock.advance(5000)
  outcome = failure('warming up')
  await clock.advance(1000)
  outcome = null
  await clock.advance(50)
  t.equal(await check, true)
  t.strictSame(lines, [])
  t.ok(timeouts.every((ms) => ms === 100))
  const before = attempts.length
  t.equal(await readiness.check(), true)
  t.equal(attempts.length, before + 1)
})

t.test('an aggressive check that fails ends after 10 s with two lines', async (t) => {
  const { readiness, clock, lines } = scripted([tcp(1)], () => failure('x'))
  const check = readiness.check()
  await clock.advance(10_000)
  t.equal(await check, false)
  t.equal(lines.length, 2)
  t.match(lines[0], /^aggressive probe error \(failed \d+ times\): x$/)
  t.equal(lines[1], 'context deadline exceeded')
  t.equal(clock.pending, 0)
})

t.test('who asks during a check gets its result, who asks later a new one', async (t) => {
  let answer: (outcome: ProbeOutcome) => void = () => {}
  const { readiness, attempts, lines } = scripted(
    [tcp(1, NORMAL)],
    () => new Promise((resolve) => (answer = resolve)),
  )
  const checks = [readiness.check(), readiness.check()]
  await settle()
  checks.push(readiness.check())
  t.equal(attempts.length, 1)
  answer(failure('x'))
  t.strictSame(await Promise.all(checks), [false, false, false])
  t.strictSame(lines, ['x'], 'told once')
  const third = readiness.check()
  t.equal(attempts.length, 2)
  answer(null)
  t.equal(await third, true)
})

t.test('probes run side by side, all are awaited, and the first failure is told', async (t) => {
  const answers = new Map<number, (outcome: ProbeOutcome) => void>()
  const { readiness, attempts, lines } = scripted(
    [tcp(1, NORMAL), tcp(2, NORMAL), tcp(3, NORMAL)],
    (port) => new Promise((resolve) => answers.set(port, resolve)),
  )
  const check = readiness.check()
  t.strictSame(attempts, [1, 2, 3])
  answers.get(3)?.(failure('third'))
  await settle()
  answers.get(1)?.(failure('first'))
  await settle()
  t.equal(await Promise.race([check, Promise.resolve('waiting')]), 'waiting')
  answers.get(2)?.(null)
  t.equal(await check, false)
  t.strictSame(lines, ['third'])
})

t.test('several probes are ready when each is', async (t) => {
  const good = await listen(t, createServer())
  const bad = await freePort()
  const ready = async (...ports: number[]): Promise<boolean> =>
    readinessOf(
      t,
      ports.map((port) => tcp(port, NORMAL)),
    ).readiness.check()
  t.equal(await ready(good, good), true)
  t.equal(await ready(bad, good), false)
  t.equal(await ready(good, bad), false)
})

t.test('a wait ends the moment the app is ready', async (t) => {
  let outcome: ProbeOutcome = refused
  const { readiness, clock } = scripted([tcp(1)], () => outcome)
  const wait = readiness.awaitReady(60_000)
  await clock.advance(30_000)
  outcome = null
  await clock.advance(5)
  t.equal(await within('ready', wait.result), true)
  t.equal(clock.pending, 0)
})

t.test('a wait ends when its time is over, and says why', async (t) => {
  const { readiness, clock, lines, attempts } = scripted([tcp(1, NORMAL)], () => failure('x'))
  const wait = readiness.awaitReady(2000)
  await clock.advance(2000)
  t.equal(await wait.result, false)
  t.equal(lines.length, 1)
  t.match(lines[0], /^aggressive probe error \(failed \d+ times\): x$/)
  t.equal(clock.pending, 0)
  const before = attempts.length
  await clock.advance(60_000)
  t.equal(attempts.length, before, 'nothing runs any more')
})

t.test('waiters share the attempts; a cancelled one does not disturb the rest', async (t) => {
  let outcome: ProbeOutcome = failure('x')
  const alone = scripted([tcp(1)], () => failure('x'))
  alone.readiness.awaitReady(60_000)
  await alone.clock.advance(1000)

  const { readiness, clock, attempts } = scripted([tcp(1)], () => outcome)
  const waits = Array.from({ length: 100 }, () => readiness.awaitReady(60_000))
  await clock.advance(1000)
  t.equal(attempts.length, alone.attempts.length)
  waits[0].cancel()
  waits[0].cancel()
  t.equal(await waits[0].result, false)
  outcome = null
  await clock.advance(50)
  t.ok((await Promise.all(waits.slice(1).map((wait) => wait.result))).every((isReady) => isReady))
  waits[1].cancel()
  t.equal(await waits[1].result, true, 'too late to cancel')
  t.equal(clock.pending, 0)
  alone.readiness.close()
})

t.test('when the last waiter leaves nothing runs any more, and nothing is said', async (t) => {
  const { readiness, clock, attempts, lines } = scripted([tcp(1), tcp(2)], () => refused)
  const waits = [readiness.awaitReady(60_000), readiness.awaitReady(60_000)]
  await clock.advance(100)
  for (const wait of waits) wait.cancel()
  t.equal(clock.pending, 0)
  const before = attempts.length
  await clock.advance(10_000)
  t.equal(attempts.length, before)
  t.strictSame(lines, [])
})

t.test('a waiter that leaves does not end a check, and takes no attempt of its own beside it', async (t) => {
  let outcome: ProbeOutcome = failure('x')
  const { readiness, clock, attempts } = scripted([tcp(1)], () => outcome)
  const wait = readiness.awaitReady(60_000)
  const check = readiness.check()
  await clock.advance(5)
  t.equal(attempts.length, 2, 'one run for both')
  wait.cancel()
  outcome = null
  await clock.advance(50)
  t.equal(await check, true)
})

t.test('each probe is waited for by itself, and all must be ready within 10 s', async (t) => {
  const outcomes = new Map<number, ProbeOutcome>([
    [1, null],
    [2, refused],
  ])
  const { readiness, clock, attempts } = scripted([tcp(1), tcp(2)], (port) => outcomes.get(port) ?? null)
  const wait = readiness.awaitReady(60_000)
  await clock.advance(5000)
  t.equal(attempts.filter((port) => port === 1).length, 1, 'what is ready is left alone')
  await clock.advance(5000)
  t.equal(attempts.filter((port) => port === 1).length, 2, 'for one window')
  outcomes.set(1, refused)
  await clock.advance(10_000)
  outcomes.set(2, null)
  await clock.advance(10)
  t.equal(await Promise.race([wait.result, settle().then(() => 'waiting')]), 'waiting')
  outcomes.set(1, null)
  await clock.advance(10)
  t.equal(await within('ready', wait.result), true)
})

t.test('success thresholds count for waiters too, in both modes', async (t) => {
  for (const mode of [{}, NORMAL]) {
    const { readiness, clock, attempts } = scripted([tcp(1, { ...mode, successThreshold: 3 })], () => null)
    const wait = readiness.awaitReady(60_000)
    await clock.advance(100)
    t.equal(await wait.result, true)
    t.equal(attempts.length, 3)
  }
})

t.test('close ends checks and waits, and nothing begins after it', async (t) => {
  for (const mode of [{}, { ...NORMAL, timeoutSeconds: 3600 }]) {
    const port = await startSilent(t)
    const { readiness, lines } = readinessOf(t, [http(port, mode)])
    const check = readiness.check()
    const wait = readiness.awaitReady(60_000)
    await settle()
    readiness.close()
    t.equal(await within('the check ends', check), false)
    t.equal(await within('the wait ends', wait.result), false)
    t.equal(await readiness.awaitReady(60_000).result, false)
    t.strictSame(lines, [])
  }
})

t.test('a check after close is false, and connects to nothing', async (t) => {
  const { readiness, attempts } = scripted([tcp(1), tcp(2, NORMAL)], () => null)
  readiness.close()
  t.equal(await readiness.check(), false)
  t.strictSame(attempts, [])
})

// With the real clock: that it is connected.

t.test('an app that begins to listen, then warms up, is waited for', async (t) => {
  const port = await freePort()
  const { readiness, lines } = readinessOf(t, [http(port)])
  const wait = readiness.awaitReady(60_000)
  const check = readiness.check()
  await settle()
  let requests = 0
  await startHttp1(t, (_, response) => response.writeHead(++requests < 3 ? 503 : 200).end(), port)
  t.equal(await within('ready', wait.result), true)
  t.equal(await check, true)
  t.equal(requests, 3)
  t.strictSame(lines, [])
})

t.test('a listener that comes and goes', async (t) => {
  const port = await freePort()
  const { readiness } = readinessOf(t, [tcp(port, NORMAL)])
  for (let round = 0; round < 3; round++) {
    t.equal(await readiness.check(), false)
    const wait = readiness.awaitReady(60_000)
    const server: Server = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve))
    t.equal(await within('ready', wait.result), true)
    t.equal(await readiness.check(), true)
    await new Promise((resolve) => server.close(resolve))
  }
})

t.test('since when an app listens and is ready is known until it refuses a connection', async (t) => {
  const port = await freePort()
  const { readiness } = readinessOf(t, [http(port)])
  t.equal(await readiness.awaitReady(1).result, false)
  t.strictSame(readiness.ages, { listeningMs: null, readyMs: null })
  let isWarm = false
  const warmingUp = new Promise<void>((resolve) => {
    void startHttp1(
      t,
      (_, response) => {
        response.writeHead(isWarm ? 200 : 503).end()
        resolve()
      },
      port,
    )
  })
  const wait = readiness.awaitReady(60_000)
  await within('it is asked', warmingUp)
  const before = readiness.ages
  t.ok(before.listeningMs! >= 0)
  t.equal(before.readyMs, null)
  isWarm = true
  t.equal(await within('ready', wait.result), true)
  const { listeningMs, readyMs } = readiness.ages
  t.ok(listeningMs! > readyMs! && readyMs! >= 0, `${listeningMs} > ${readyMs}`)
  t.equal(await readiness.check(), true)
  t.ok(readiness.ages.readyMs! > readyMs!, 'the first time counts')
})

t.test('an app that went away has no ages, and new ones when it is back', async (t) => {
  const port = await freePort()
  const { readiness } = readinessOf(t, [tcp(port, NORMAL)])
  for (let round = 0; round < 2; round++) {
    const server: Server = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve))
    t.equal(await readiness.check(), true)
    t.ok(readiness.ages.listeningMs! >= readiness.ages.readyMs!)
    await new Promise((resolve) => server.close(resolve))
    t.equal(await readiness.check(), false)
    t.strictSame(readiness.ages, { listeningMs: null, readyMs: null })
  }
})

t.test('a redirect to another host is told once', async (t) => {
  const port = await startHttp1(t, (_, response) => {
    response.writeHead(302, { location: 'http://a.test/' }).end()
  })
  const { readiness, lines } = readinessOf(t, [http(port, NORMAL)])
  t.equal(await readiness.check(), true)
  t.equal(await readiness.check(), true)
  t.strictSame(lines, [
    `readiness probe http://127.0.0.1:${port}/r is redirected to another host, http://a.test/: taken as ready`,
  ])
})

t.test('an app that hangs is asked again after each attempt, never beside it', async (t) => {
  let open = 0
  let most = 0
  let connections = 0
  const server = createServer((socket) => {
    connections++
    most = Math.max(most, ++open)
    socket.once('close', () => open--)
    socket.resume()
    if (connections === 4) socket.end('HTTP/1.1 200 OK\r\n\r\n')
  })
  const port = await listen(t, server)
  const { readiness } = readinessOf(t, [http(port)])
  t.equal(await within('ready', readiness.awaitReady(60_000).result), true)
  t.equal(connections, 4)
  t.ok(most <= 2, 'but for one whose end is still under way')
})
