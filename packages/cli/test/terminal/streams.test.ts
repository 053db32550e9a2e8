import fc from 'fast-check'
import t from 'tap'
import { EventStreamReader } from '../../src/admin/event-stream.ts'
import { columnsOf, fit } from '../../src/terminal/columns.ts'
import { LINE_MAX, LineSplitter } from '../../src/terminal/lines.ts'
import { safeLine } from '../../src/terminal/safe-text.ts'
import { Screen } from '../../src/terminal/screen.ts'

const ESCAPE = '\u001b'
const COLOURS = new RegExp(`${ESCAPE}\\[[\\d;:]*m`, 'g')

/** The bytes in pieces of these sizes. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  let at = 0
  for (const size of sizes) {
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return [...pieces, bytes.subarray(at)]
}

const pieces = fc.array(fc.integer({ min: 1, max: 7 }))

t.test('lines are the same however the bytes are cut', async (t) => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ''))
  fc.assert(
    fc.property(fc.array(line), pieces, (lines, sizes) => {
      const told: string[] = []
      const splitter = new LineSplitter((one) => told.push(one))
      for (const piece of cut(Buffer.from(lines.map((one) => `${one}\n`).join('')), sizes))
        splitter.push(piece)
      splitter.end()
      return JSON.stringify(told) === JSON.stringify(lines)
    }),
  )
  const told: string[] = []
  const splitter = new LineSplitter((one) => told.push(one))
  splitter.push(Buffer.alloc(LINE_MAX * 2 + 1, 'a'))
  t.equal(told.length, 2, 'a line without an end takes no more memory')
  splitter.end()
  t.equal(told.at(-1), 'a')
})

t.test('events are the same however the bytes are cut', async (t) => {
  const stream =
    ': hello\r\nevent: status\r\ndata: ä1\r\ndata: 2\r\n\r\nid: 5\n\ndata:x\r\revent: y\n\ndata: z\n\n'
  fc.assert(
    fc.property(pieces, (sizes) => {
      const told: string[] = []
      const reader = new EventStreamReader((name, data) => told.push(`${name}=${data}`))
      for (const piece of cut(Buffer.from(stream), sizes)) reader.push(piece)
      return told.join('|') === 'status=ä1\n2|message=x|message=z'
    }),
  )
  t.pass()
})

t.test('what a service writes cannot do anything to the terminal', async (t) => {
  const part = fc.oneof(
    fc.string(),
    fc.constantFrom('\u001b', '\u001b[', '\u001b]0;title\u0007', '\u001b[1A', '\u009b2J'),
  )
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const safe = safeLine(parts.join(''), true)
      return !/\p{Cc}/u.test(safe.replaceAll(COLOURS, ''))
    }),
  )
  t.equal(safeLine('\u001b[31mred', true), '\u001b[31mred\u001b[0m')
  t.equal(safeLine('\u001b[31mred\u001b[0m', false), 'red')
})

t.test('a text that is fitted is never wider', async (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.nat(30),
      (text, width) => columnsOf(fit(text, width)) <= width,
    ),
  )
  t.equal(columnsOf('漢字'), 4)
  t.equal(fit('漢字漢字', 4), '漢…')
})

t.test('the screen goes back over what it drew, also on a terminal that became narrower', async (t) => {
  let written = ''
  let width = 80
  const screen = new Screen({ out: (text) => (written += text), width: () => width, height: () => 24 })
  screen.draw(['a'.repeat(60), 'b'])
  width = 40
  written = ''
  screen.write(['line'], ['c'])
  t.match(written, '\u001b[3A\r\u001b[0Jline\nc\n', 'the first line takes two rows now')
  screen.close()
  t.ok(written.endsWith('\u001b[?25h'))
})
