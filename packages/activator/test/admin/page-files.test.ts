import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readPageFiles } from '../../src/admin/page-files.ts'
import { Scene, send } from '../support/scene.ts'

t.test('only files of the page are served, by their names', async (t) => {
  const directory = t.testdir({ 'index.html': '<!doctype html>', 'app.js': 'a', 'x.css': 'c', 'i.svg': 's' })
  writeFileSync(join(directory, 'notes.md'), 'n')
  mkdirSync(join(directory, 'more'))
  const files = readPageFiles(directory)
  t.strictSame([...files.keys()].toSorted(), ['/', '/app.js', '/i.svg', '/x.css'])
  t.equal(files.get('/')!.type, 'text/html; charset=utf-8')
  t.equal(files.get('/app.js')!.type, 'text/javascript; charset=utf-8')
  t.not(files.get('/app.js')!.etag, files.get('/x.css')!.etag)
  writeFileSync(join(directory, 'app.js'), 'other')
  t.equal(files.get('/app.js')!.content.toString(), 'a', 'as it was at the start')
  t.not(readPageFiles(directory).get('/app.js')!.etag, files.get('/app.js')!.etag)
})

t.test('a page that was not installed has no files', async (t) => {
  t.equal(readPageFiles(join(t.testdir(), 'nowhere')).size, 0)
})

t.test('the page is there, with all that it loads, and is not sent twice', async (t) => {
  const scene = await Scene.start(t, { env: { ACTIVATOR_ADMIN_PORT: '0' } })
  const { admin } = scene.activator.ports
  const page = await send(admin).answer
  t.equal(page.status, 200)
  t.equal(page.headers['content-type'], 'text/html; charset=utf-8')
  t.match(page.headers['content-security-policy'], /script-src 'self'/)
  const etag = page.headers.etag!
  const again = await send(admin, { headers: { 'If-None-Match': `"other", W/${etag}` } }).answer
  t.strictSame([again.status, again.body], [304, ''])
  const loaded = [...page.body.matchAll(/(?:src|href)="([^":#]+)"/g)].map(([, path]) => path)
  t.ok(loaded.length > 0)
  for (const path of loaded) {
    const { status } = await send(admin, { path: new URL(path, 'http://localhost/').pathname }).answer
    t.equal(status, 200, path)
  }
})
