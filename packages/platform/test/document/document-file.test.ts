import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readDocumentFile } from '../../src/document/document-file.ts'
import { FILE_BYTES_MAX } from '../../src/document/documents.ts'
import { folderOf } from '../support/folder.ts'

t.test('a file is read as text', async (t) => {
  const path = join(folderOf(t), 'a.yaml')
  writeFileSync(path, 'a: é\n')
  t.strictSame(await readDocumentFile(path, 'a.yaml'), { text: 'a: é\n', problem: '' })
})

t.test('what cannot be read is told under its name', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'a.yaml')
  const problem = async (): Promise<string> => (await readDocumentFile(path, 'a.yaml')).problem
  t.match(await problem(), /^a\.yaml cannot be read: ENOENT/)
  mkdirSync(path)
  t.equal(await problem(), 'a.yaml is no file: it must be one')
})

t.test('a file that is too large is not read', async (t) => {
  const path = join(folderOf(t), 'a.yaml')
  writeFileSync(path, Buffer.alloc(FILE_BYTES_MAX + 1, '#'))
  t.equal(
    (await readDocumentFile(path, 'a.yaml')).problem,
    `a.yaml has ${FILE_BYTES_MAX + 1} bytes: it must have at most ${FILE_BYTES_MAX}`,
  )
})

t.test('a file that is not UTF-8 is told with the line', async (t) => {
  const path = join(folderOf(t), 'a.yaml')
  writeFileSync(path, Buffer.from('a: ok\nb: \xe9\n', 'latin1'))
  t.equal((await readDocumentFile(path, 'a.yaml')).problem, 'a.yaml:2: the line is not UTF-8')
})
