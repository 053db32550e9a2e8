import t from 'tap'
import type { RevisionTemplate, ServiceManifest } from '../../src/manifest/manifest-set.ts'
import { ServiceHistory } from '../../src/local/service-history.ts'

function template(command: string, name = ''): RevisionTemplate {
  return { name, containers: [{ command: [command] }] } as unknown as RevisionTemplate
}

function manifest(of: RevisionTemplate): ServiceManifest {
  return { template: of } as ServiceManifest
}

const namesOf = (history: ServiceHistory, ...templates: RevisionTemplate[]): string[] =>
  history.update(templates.map(manifest)).map(({ name }) => name)

t.test('revisions are numbered in the order in which they are seen', async (t) => {
  const history = new ServiceHistory('hello')
  t.strictSame(namesOf(history, template('a'), template('b')), ['hello-00001', 'hello-00002'])
  t.strictSame(namesOf(history, template('c')), ['hello-00003'], 'also those that replace others')
})

t.test('a template that is as it was is the revision that it was', async (t) => {
  const history = new ServiceHistory('hello')
  const [first] = history.update([manifest(template('a'))])
  t.strictSame(namesOf(history, template('b')), ['hello-00002'])
  const [again] = history.update([manifest(template('a'))])
  t.equal(again, first)
})

t.test('a template has the name that it says', async (t) => {
  const history = new ServiceHistory('hello')
  t.strictSame(namesOf(history, template('a', 'hello-blue'), template('b')), ['hello-blue', 'hello-00002'])
  t.equal(history.find('hello-blue')?.number, 1)
  t.equal(history.find('hello-00001'), null)
})

t.test('what left the files can be found for long, and not for ever', async (t) => {
  const history = new ServiceHistory('hello')
  for (let i = 1; i <= 60; i++) history.update([manifest(template(`v${i}`))])
  t.equal(history.names.length, 50)
  t.equal(history.find('hello-00010'), null)
  t.equal(history.find('hello-00011')?.number, 11)
  t.equal(history.find('hello-00060')?.number, 60)
})

t.test('what is in the files is never forgotten', async (t) => {
  const history = new ServiceHistory('hello')
  const many = Array.from({ length: 80 }, (_, i) => template(`v${i}`))
  namesOf(history, ...many)
  t.equal(history.names.length, 80)
  t.strictSame(namesOf(history, ...many).length, 80)
  t.equal(history.find('hello-00001')?.number, 1)
})
