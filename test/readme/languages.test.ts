import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT, shellBlocks } from './commands.ts'

const README = 'README.md'
const CHINESE = 'README.zh-CN.md'

t.test('both languages give the same commands in the same order', async (t) => {
  t.strictSame(shellBlocks(CHINESE), shellBlocks(README))
  t.ok(shellBlocks(README).length > 5)
})

t.test(
  'both have the same sections in the same order, but for those that only the English one has',
  async (t) => {
    const links = (file: string): string[] =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/\]\((?<target>[^)#]+)[^)]*\)/g)].map(
        ({ groups }) => groups!['target'],
      )
    for (const file of [README, CHINESE])
      for (const target of links(file)) t.ok(existsSync(join(ROOT, target)), `${file}: ${target}`)
  },
)
