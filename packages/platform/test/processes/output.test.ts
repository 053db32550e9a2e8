import { Readable, PassThrough } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { harmless, withoutColours } from '../../src/local/processes/harmless-text.ts'
import { OutputLines } from '../../src/local/processes/output-lines.ts'
import { readLines } from '../../src/local/processes/read-lines.ts'
import { settle } from '../support/fake-clock.ts'
import { until } from '../support/within.ts'

const MIB = 1024 * 1024

/** The lines of bytes that come in these pieces. */
async function linesOf(...chunks: readonly (Buffer | string)[]): Promise<string[]> {
  const lines: string[] = []
  const stream = Readable.from(
    chunks.map((chunk) => Buffer.from(chunk)),
    { objectMode: false },
  )
  readLines(stream, (line) => lines.push(line))
  await new Promise((resolve) => stream.once('close', resolve))
  return lines
}

t.test('lines are the same however the bytes come', async (t) => {
  const text = fc
    .array(fc.constantFrom('a', 'ü', '😀', ' ', '\n', '\r', '\r\n'), { size: 'medium' })
    .map((all) => all.join(''))
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat({ max: 40 })), async (text, cuts) => {
      const bytes = Buffer.from(text)
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
      const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end))
      const expected = text.split(/\r\n|\n|\r/)
      if (expected.at(-1) === '') expected.pop()
      t.strictSame(await linesOf(...chunks.filter(({ length }) => length > 0)), expected)
    }),
    { numRuns: 200 },
  )
})

t.test('a line has a bound, and what is no UTF-8 is replaced', async (t) => {
  const lines = await linesOf('x'.repeat(40_000), 'y\nz')
  t.strictSame(
    lines.map(({ length }) => length),
    [16_384, 16_384, 40_001 - 2 * 16_384, 1],
  )
  t.equal(lines.slice(0, 3).join(''), `${'x'.repeat(40_000)}y`)
  t.strictSame(await linesOf(`${'x'.repeat(16_384)}\n`), ['x'.repeat(16_384)])
  t.strictSame(await linesOf(Buffer.from([0x61, 0xff, 0x62, 0xc3])), ['a\u{fffd}b\u{fffd}'])
})

t.test('of what controls a terminal only colours are left, which end with the line', async (t) => {
  const cases: readonly (readonly [written: string, shown: string])[] = [
    ['plain\ttext ü', 'plain\ttext ü'],
    ['\x1b[1;31mred\x1b[0m', '\x1b[1;31mred\x1b[0m'],
    ['\x1b[38:2::1:2:3mred', '\x1b[38:2::1:2:3mred\x1b[0m'],
    ['\x1b[2J\x1b[1;1Hhome', 'home'],
    ['\x1b[?1049hother screen', 'other screen'],
    ['\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b', 'ab'],
    ['\x1bPq#0\x1b\\dcs \x1b7saved\x1b(B', 'dcs saved'],
    ['cut off \x1b[3', 'cut off [3'],
    ['\x1b', ''],
    ['a\x07b\x08c\x7fd\x9b31me\0', 'a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}31me\u{fffd}'],
    ['\x1b\x1b[31m[2J', '\x1b[31m[2J\x1b[0m'],
  ]
  for (const [written, shown] of cases) t.equal(harmless(written), shown, JSON.stringify(written))
  t.equal(withoutColours('\x1b[1mbold\x1b[0m'), 'bold')

  const character = fc.constantFrom(
    '\x1b',
    '[',
    ']',
    '3',
    ';',
    'm',
    'J',
    '\\',
    '\x07',
    '\x9b',
    '\0',
    '?',
    ' ',
    'P',
    'a',
    '\t',
  )
  fc.assert(
    fc.property(fc.array(character, { size: 'medium' }), (characters) => {
      const shown = harmless(characters.join(''))
      // oxlint-disable-next-line no-control-regex
      t.notMatch(shown.replaceAll(/\x1b\[[\d;:]*m/g, ''), /[\0-\x08\n-\x1f\x7f-\x9f]/)
      t.equal(harmless(shown), shown, 'once is enough')
    }),
    { numRuns: 1000 },
  )
})

t.test('a line of nothing but the beginnings of sequences takes no time', async (t) => {
  for (const text of ['\x1b[', '\x1b]', '\x1b[1', '\x1bP ', '\x1b ']) {
    const line = text.repeat(16_384 / text.length)
    t.ok(harmless(line).length < line.length)
    const long = text + '0;'.repeat(8000)
    t.type(harmless(long), 'string')
  }
})

/** A reader that can be paused. */
class Terminal {
  readonly writes: string[] = []
  #then: ((error?: Error) => void)[] = []
  #onError: () => void = () => {}
  isPaused = false

  write(text: string, then: () => void): boolean {
    this.writes.push(text)
    if (this.isPaused) this.#then.push(then)
    else setImmediate(then)
    return true
  }

  on(_event: 'error', listener: () => void): void {
    this.#onError = listener
  }

  /** Takes what was written while it was paused. */
  resume(): void {
    this.isPaused = false
    for (const then of this.#then.splice(0)) then()
  }

  break(): void {
    this.#onError()
  }
}

t.test('lines of one turn are one write', async (t) => {
  const terminal = new Terminal()
  const output = new OutputLines(terminal)
  await output.flushed()
  output.write('a-00001-x', 'one')
  output.write('b-00001-y/queue-proxy', 'two')
  await output.flushed()
  t.strictSame(terminal.writes, ['[a-00001-x] one\n[b-00001-y/queue-proxy] two\n'])
})

t.test('while nobody reads, lines wait up to a bound, and it is said how many are missing', async (t) => {
  const terminal = new Terminal()
  const output = new OutputLines(terminal)
  terminal.isPaused = true
  output.write('a', 'first')
  await settle()
  const line = 'x'.repeat(1020)
  for (let i = 0; i < 5000; i++) output.write('a', `${line}${i}`)
  await settle()
  t.strictSame(terminal.writes, ['[a] first\n'], 'one write is under way')
  let isFlushed = false
  void output.flushed().then(() => (isFlushed = true))
  await settle()
  t.notOk(isFlushed)

  terminal.resume()
  await until('it is flushed', () => isFlushed)
  output.write('a', 'last')
  await output.flushed()
  const lines = terminal.writes.join('').trimEnd().split('\n')
  const told = lines.findIndex((text) => text.startsWith('[pilotlight]'))
  const [, missing] = /^\[pilotlight\] (\d+) lines of output are missing here/.exec(lines[told])!
  t.equal(told + Number(missing), 5001)
  t.ok(terminal.writes[1].length < MIB + 2000)
  t.equal(lines[told - 1], `[a] ${line}${told - 2}`)
  t.strictSame(lines.slice(told + 1), ['[a] last'])
})

t.test('a reader that is gone is not written to', async (t) => {
  const terminal = new Terminal()
  const output = new OutputLines(terminal)
  terminal.isPaused = true
  output.write('a', 'first')
  await settle()
  output.write('a', 'second')
  const flushed = output.flushed()
  terminal.break()
  await flushed
  output.write('a', 'third')
  await output.flushed()
  t.equal(terminal.writes.length, 1)

  const stream = new PassThrough()
  const other = new OutputLines(stream)
  stream.destroy()
  other.write('a', 'text')
  await other.flushed()
  other.write('a', 'text')
  await other.flushed()
  t.equal(stream.readableLength, 0)
})
