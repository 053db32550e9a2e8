import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { COMMAND, environment } from '../support/command.ts'

/** util-linux's `script` has the command on a terminal; the one of macOS has other options. */
const hasScript = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') ?? false

t.test('on a terminal', { skip: hasScript ? false : 'there is no script of util-linux' }, async (t) => {
  const folder = t.testdir({ 'service.yaml': 'kind: Service\n' })
  const line = [...COMMAND, 'up', '--port', '0'].map((word) => `'${word}'`).join(' ')
  const terminal = spawn('script', ['-qec', `stty cols 100 rows 30; exec ${line}`, '/dev/null'], {
    env: environment(),
    cwd: folder,
  })
  t.teardown(() => void terminal.kill('SIGKILL'))
  let text = ''
  const shown = new Promise<void>((resolve) => {
    terminal.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (/REVISION[^]*hello-00001 +(?:\S+)?ready/.test(text)) resolve()
    })
  })
  const signal = AbortSignal.timeout(20_000)
  await Promise.race([shown, once(signal, 'abort')])
  // Ctrl-C, as a terminal sends it.
  terminal.stdin.write('\u0003')
  const [code] = (await once(terminal, 'close', { signal: AbortSignal.timeout(20_000) })) as [number]
  t.equal(code, 0)
  t.match(text, '\u001b[?25l', 'the cursor is hidden while the table is drawn')
  t.ok(text.lastIndexOf('\u001b[?25h') > text.lastIndexOf('\u001b[?25l'), 'and is there again at the end')
  t.match(text, 'got SIGTERM', 'Ctrl-C reached the command, and the command ended the activator')
  t.notMatch(text, '\u001b[2J', 'a service cannot clear the screen')
  t.match(text, '[hello-00001-x7k2p] \u001b[31mred\u001b[0m', 'and keeps its colours')
})
