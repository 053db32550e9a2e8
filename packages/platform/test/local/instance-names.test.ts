import t from 'tap'
import { InstanceNames } from '../../src/local/instance-names.ts'

t.test('names are those of Kubernetes, and none is used twice', async (t) => {
  const names = new InstanceNames()
  const made = new Set(Array.from({ length: 5000 }, () => names.next('hello-00001')))
  t.equal(made.size, 5000)
  for (const name of made)
    if (!/^hello-00001-[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(name)) t.fail(`${name} is no name`)
})

t.test('a name that is taken is passed over', async (t) => {
  const numbers = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.999, 0, 0, 0, 0]
  const names = new InstanceNames(() => numbers.shift()!)
  t.strictSame([names.next('a'), names.next('a')], ['a-bbbbb', 'a-9bbbb'])
})
