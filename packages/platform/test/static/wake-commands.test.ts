import { once } from 'node:events'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { WakeCommands } from '../../src/static/wake-commands.ts'
import { DONE, WakeOutcome } from '../../src/static/wake-result.ts'
import { folderOf } from '../support/folder.ts'
import { within } from '../support/within.ts'

const HELLO = { namespace: 'team-a', name: 'hello' }
const MINUTE_MS = 60_000

function commandsIn(t: Test, folder = folderOf(t)): WakeCommands {
  const commands = new WakeCommands(folder)
  t.teardown(() => commands.close())
  return commands
}

/** A server that a process calls as long as it lives; answers a program that does, with its arguments. */
async function lifeline(
  t: Test,
  then = '.resume()',
): Promise<{ called: Promise<Socket>; program: readonly string[] }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const called = within(
    'the process calls',
    once(server, 'connection').then(([socket]) => {
      t.teardown(() => (socket as Socket).destroy())
      return socket as Socket
    }),
  )
  return {
    called,
    program: [process.execPath, '-e', `require('net').connect(${port}, '127.0.0.1')${then}`],
  }
}

async function ends(socket: Socket): Promise<void> {
  socket.on('error', () => {}).resume()
  if (!socket.closed) await within('the process ends', once(socket, 'close'))
}

t.test('a command runs in its folder, with its arguments as they are, and knows the revision', async (t) => {
  const folder = folderOf(t)
  const script = '#!/bin/sh\nprintf "%s|" "$PILOTLIGHT_NAMESPACE" "$PILOTLIGHT_REVISION" "$@" > told\n'
  writeFileSync(join(folder, 'wake.sh'), script)
  chmodSync(join(folder, 'wake.sh'), 0o755)
  const { result } = commandsIn(t, folder).run(['./wake.sh', '$HOME', 'a b', '*'], HELLO, MINUTE_MS)
  t.strictSame(await within('the command ends', result), DONE)
  t.equal(readFileSync(join(folder, 'told'), 'utf8'), 'team-a|hello|$HOME|a b|*|')
})

t.test('one that fails is told by its name and exit code, and the log has its last lines', async (t) => {
  const script = 'for i in $(seq 1 30); do echo line $i; done; echo last >&2; exit 3'
  const { result } = commandsIn(t).run(['sh', '-c', script, '--password=secret'], HELLO, MINUTE_MS)
  const { outcome, reason, detail } = await within('the command ends', result)
  t.strictSame([outcome, reason], [WakeOutcome.Failed, 'the wake-up command "sh" ended with exit code 3'])
  const lines = detail['output'].split('\n')
  t.equal(lines.length, 20)
  t.ok(lines.includes('line 30') && lines.includes('last'), lines.join())
})

t.test('of much output only the end is kept', async (t) => {
  const { result } = commandsIn(t).run(
    ['sh', '-c', 'head -c 300000 /dev/zero | tr "\\0" x; echo end; exit 1'],
    HELLO,
    MINUTE_MS,
  )
  const { detail } = await within('the command ends', result)
  t.match(detail['output'], /^x{4000,4096}end$/)
  t.ok(detail['output'].length <= 4096)
})

t.test('one that is ended by a signal is told so', async (t) => {
  const { result } = commandsIn(t).run(['sh', '-c', 'kill -9 $$'], HELLO, MINUTE_MS)
  t.match(await within('the command ends', result), {
    outcome: WakeOutcome.Failed,
    reason: 'the wake-up command "sh" was ended by SIGKILL',
  })
})

t.test('one that cannot be started is told so', async (t) => {
  const folder = folderOf(t)
  writeFileSync(join(folder, 'text'), 'no program')
  const commands = commandsIn(t, folder)
  for (const [program, code] of [
    ['./nowhere', 'ENOENT'],
    ['./text', 'EACCES'],
    ['a\0b', 'ERR_INVALID_ARG_VALUE'],
  ]) {
    const { outcome, reason, detail } = await within(
      'it fails',
      commands.run([program], HELLO, MINUTE_MS).result,
    )
    t.equal(outcome, WakeOutcome.Failed)
    t.equal(reason, `the wake-up command ${JSON.stringify(program)} could not be started: ${code}`)
    t.match(detail['detail'], /.{10,}/)
  }
  const gone = commandsIn(t, join(folder, 'gone')).run(['sh'], HELLO, MINUTE_MS)
  t.match(await within('it fails', gone.result), { reason: /could not be started: ENOENT$/ })
})

t.test('one that takes too long is ended, and has failed', async (t) => {
  const commands = commandsIn(t)
  for (const command of [
    ['sleep', '600'],
    ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.01; done'],
  ])
    t.match(await within('the command ends', commands.run(command, HELLO, 200).result), {
      outcome: WakeOutcome.Failed,
      reason: `the wake-up command "${command[0]}" did not end within 0.2 s`,
    })
})

t.test('one that is stopped is ended with all that it waits for', async (t) => {
  const { called, program } = await lifeline(t)
  const running = commandsIn(t).run(['sh', '-c', '"$@"; true', 'sh', ...program], HELLO, MINUTE_MS)
  const socket = await called
  running.stop()
  running.stop()
  await within('the command ends', running.result)
  await ends(socket)
})

t.test('one that does not heed SIGTERM is killed', async (t) => {
  const folder = folderOf(t)
  const { called, program } = await lifeline(t)
  const running = commandsIn(t, folder).run(
    ['sh', '-c', 'trap "echo no" TERM; "$@" & while :; do wait; done', 'sh', ...program],
    HELLO,
    MINUTE_MS,
  )
  await ends((await called).end())
  running.stop()
  t.match(await within('the command ends', running.result), { reason: /was ended by SIGKILL$/ })
})

t.test('what a command leaves running goes on, and may go on writing', async (t) => {
  // A pipe holds 64 KiB: whoever writes more waits for ever when nobody reads, and dies when nobody can.
  const talk = `.on('data', function () { process.stdout.write('x'.repeat(1e6), (error) => error || this.write('alive')) })`
  const { called, program } = await lifeline(t, talk)
  const commands = commandsIn(t)
  const running = commands.run(['sh', '-c', '"$@" & exit 0', 'sh', ...program], HELLO, MINUTE_MS)
  t.strictSame(await within('the command ends', running.result), DONE, 'its end is what counts')
  running.stop()
  const socket = await called
  socket.write('go on')
  const [answer] = await within('it has written', once(socket, 'data'))
  t.equal(String(answer), 'alive')
  await ends(socket.end())
})

t.test('one that failed is not waited for longer because of what it left running', async (t) => {
  const { called, program } = await lifeline(t)
  const commands = commandsIn(t)
  const running = commands.run(['sh', '-c', 'echo why; "$@" & exit 1', 'sh', ...program], HELLO, MINUTE_MS)
  t.match(await within('the command ends', running.result), {
    reason: /ended with exit code 1$/,
    detail: { output: 'why' },
  })
  await ends((await called).end())
})
