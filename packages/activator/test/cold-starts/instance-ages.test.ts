import fc from 'fast-check'
import t from 'tap'
import { readAges } from '../../src/probing/instance-ages.ts'

t.test('ages are read as a dictionary, in any order and with members that are not known', async (t) => {
  t.strictSame(readAges('listening=12.5, ready=3'), { listeningMs: 12.5, readyMs: 3 })
  t.strictSame(readAges('ready=0,listening=7'), { listeningMs: 7, readyMs: 0 })
  t.strictSame(readAges('started=9, ready=3;exact, listening=4;x=1'), { listeningMs: 4, readyMs: 3 })
  t.strictSame(readAges('ready=3'), { listeningMs: null, readyMs: 3 })
})

t.test('what cannot be read says nothing', async (t) => {
  for (const value of [
    undefined,
    '',
    'listening=3',
    'ready',
    'ready=-1',
    'ready=1e9',
    'ready="3"',
    'already=3',
    `ready=${'9'.repeat(13)}`,
    `ready=3${' '.repeat(300)}`,
    ['ready=3', 'ready=4'],
  ])
    t.equal(readAges(value), null, String(value).slice(0, 30))
  fc.assert(
    fc.property(fc.string(), (value) => {
      const ages = readAges(value)
      return ages === null || (ages.readyMs >= 0 && Number.isFinite(ages.readyMs))
    }),
  )
})
