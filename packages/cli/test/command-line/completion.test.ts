import { spawnSync } from 'node:child_process'
import t from 'tap'
import { COMMANDS } from '../../src/command-line/commands.ts'
import { completionOf, type Shell } from '../../src/command-line/completion.ts'

function has(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0
}

for (const shell of ['bash', 'zsh', 'fish'] as const satisfies readonly Shell[])
  t.test(`${shell} takes its script`, { skip: has(shell) ? false : `there is no ${shell}` }, async (t) => {
    const { status, stderr } = spawnSync(shell, ['-n'], { input: completionOf(shell, COMMANDS) })
    t.equal(status, 0, stderr.toString())
  })

t.test('every option of every command is in every script', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const script = completionOf(shell, COMMANDS)
    for (const { name, options } of COMMANDS) {
      t.match(script, name)
      for (const option of options)
        t.match(script, shell === 'fish' ? `-l ${option.name} ` : `--${option.name}`)
    }
  }
})

t.test('bash completes', { skip: has('bash') ? false : 'there is no bash' }, async (t) => {
  const complete = (...words: string[]): string[] => {
    const list = words.map((word) => `'${word}'`).join(' ')
    const script = `${completionOf('bash', COMMANDS)}
COMP_WORDS=(pilotlight ${list}); COMP_CWORD=${words.length}; _pilotlight; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout } = spawnSync('bash', ['--norc', '-c', script])
    return stdout.toString().trim().split('\n')
  }
  t.strictSame(complete('u'), ['up'])
  t.strictSame(complete('up', '--po'), ['--port'])
  t.strictSame(complete('up', '--log-level', 'd'), ['debug'])
  t.strictSame(complete('completion', 'z'), ['zsh'])
})
