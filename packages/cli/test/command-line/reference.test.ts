import { readFileSync } from 'node:fs'
import t from 'tap'
import { COMMANDS } from '../../src/command-line/commands.ts'
import { helpOf } from '../../src/command-line/help.ts'
import { VERSION } from '../../src/version.ts'

const REFERENCE = readFileSync(new URL('../../../../docs/reference/pilotlight.md', import.meta.url), 'utf8')

t.test('the reference has the help of each command, and of no other', async (t) => {
  const [, body] = REFERENCE.split('\n## Commands\n')
  const expected = COMMANDS.map(
    (command) => `\n### pilotlight ${command.name}\n\n\`\`\`text\n${helpOf(command)}\`\`\`\n`,
  ).join('')
  t.equal(body, expected)
})

t.test('the version is that of the package', async (t) => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  t.equal((JSON.parse(text) as { version: string }).version, VERSION)
})

t.test('help fits a terminal of 80 columns', async (t) => {
  for (const command of COMMANDS)
    for (const line of helpOf(command).split('\n')) if (!line.startsWith('  ')) t.ok(line.length <= 80, line)
})
