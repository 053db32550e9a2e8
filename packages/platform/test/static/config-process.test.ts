import t from 'tap'
import { parseApart } from '../../src/static/config-process.ts'

/** A file of this many revisions, with `more` behind them. */
const file = (count: number, more = ''): string =>
  `revisions:\n${Array.from({ length: count }, (_, i) => `  - name: revision-${i}\n    endpoints: ["127.0.0.1:1"]\n`).join('')}${more}`

t.test('a large file is read as a small one is', async (t) => {
  for (const count of [1, 3000]) {
    const { config, problems } = await parseApart(file(count), 'a.yaml')
    t.strictSame(problems, [])
    t.equal(config.revisions.length, count)
    t.match(config.revisions.at(-1), {
      spec: { name: `revision-${count - 1}`, containerConcurrency: 0 },
      ready: ['127.0.0.1:1'],
    })
  }
})

t.test('what is wrong with a large file is told with its line', async (t) => {
  const { problems } = await parseApart(file(3000, 'colours: []\n'), 'a.yaml')
  t.match(problems, [/^a\.yaml:6002: colours is not known/])
})

t.test('bounds that are none come through', async (t) => {
  const { config } = await parseApart(file(3000, 'namespaces: [{name: default}]\n'), 'a.yaml')
  t.equal(config.namespaces[0].runningMax, Infinity)
})
