import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { layers } from './architecture/layers.ts'
import type { Layer } from './architecture/layers.ts'
import * as rules from './architecture/rules.ts'
import { parseSource, readSources } from './architecture/source.ts'

const root = join(import.meta.dirname, '..')
const readJson = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'))
const manifestOf = (folder: string): rules.Manifest =>
  readJson(join(folder, 'package.json')) as rules.Manifest
interface References {
  readonly references?: readonly { readonly path: string }[]
}
const referencesOf = (path: string): string[] =>
  ((readJson(path) as References).references ?? []).map((reference) => reference.path)
const foldersIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)

const rootManifest = manifestOf('.')
const packages = foldersIn('packages').map((folder) => {
  const has = foldersIn(`packages/${folder}`)
  return {
    folder,
    layer: layers[folder],
    manifest: manifestOf(`packages/${folder}`),
    src: readSources(root, `packages/${folder}/src`),
    tests: has.includes('test') ? readSources(root, `packages/${folder}/test`) : [],
  }
})
const everySource = packages.flatMap(({ src }) => src)

t.test('a package imports only what stands below it', async (t) => {
  for (const { folder, layer, src } of packages) {
    t.strictSame(
      src.flatMap((source) => rules.layering(source, folder, layer)),
      [],
      folder,
    )
  }
})

t.test('a pure package has no clock, no timer, no process and no log', async (t) => {
  for (const { folder, src } of packages.filter((one) => one.layer?.node.length === 0)) {
    t.strictSame(src.flatMap(rules.impurities), [], folder)
  }
})

t.test('no file imports itself through others', async (t) => {
  t.strictSame(rules.cycles(everySource), [])
})

t.test('what a package imports is declared, what it declares is imported', async (t) => {
  for (const { folder, manifest, src, tests } of packages) {
    const ships = rules.shipped(manifest)
    t.strictSame(
      src.flatMap((source) => rules.undeclared(source, [ships])),
      [],
      `${folder}: sources`,
    )
    t.strictSame(rules.unused(folder, manifest, src), [], `${folder}: dependencies`)
    const ownTests = tests.flatMap((source) => [
      ...rules.undeclared(source, [manifest, rootManifest]),
      ...rules.reachingAcross(source, `packages/${folder}`),
    ])
    t.strictSame(ownTests, [], `${folder}: tests`)
  }
  for (const folder of ['test', 'bench']) {
    const found = readSources(root, folder).flatMap((source) => [
      ...rules.undeclared(source, [manifestOf(folder), rootManifest]),
      ...rules.reachingAcross(source, folder),
    ])
    t.strictSame(found, [], folder)
  }
})

t.test('a package has one entry point, and TypeScript knows what stands below it', async (t) => {
  for (const { folder, manifest } of packages) {
    t.strictSame(rules.entryPoints(folder, manifest), [], `${folder}: exports`)
    t.strictSame(
      rules.references(folder, manifest, referencesOf(`packages/${folder}/tsconfig.json`)),
      [],
      `${folder}: references`,
    )
  }
  t.strictSame(
    referencesOf('tsconfig.json').toSorted(),
    packages.map(({ folder }) => `packages/${folder}`).toSorted(),
    'tsconfig.json builds every package',
  )
})

t.test('files are named after what they hold and stay within the size budget', async (t) => {
  t.strictSame(everySource.flatMap(rules.fileName), [])
  t.strictSame(everySource.flatMap(rules.fileSize), [])
  for (const source of everySource) {
    const lines = rules.lineCount(source)
    if (lines > rules.FILE_LINES_AIM)
      t.comment(`${source.path} has ${lines} lines, the aim is ${rules.FILE_LINES_AIM}`)
  }
})

t.test('everything exported is documented and has its own name', async (t) => {
  t.strictSame(everySource.flatMap(rules.undocumented), [])
  t.strictSame(everySource.flatMap(rules.defaultExports), [])
})

t.test('nothing imports node:http', async (t) => {
  t.strictSame(everySource.flatMap(rules.importsOfHttp), [])
})

// The rules above pass when they find nothing. These show that each of them can find something.

const parse = (text: string, path = 'packages/relay/src/made-up.ts') => parseSource(path, text)

t.test('self-test: imports are read from code, not from comments or strings', async (t) => {
  const source = parse(`
import { a,
  b } from './a.ts'
import type { C } from "node:net"
import 'side-effect'
export * from './d.ts'
export type { E } from './e.ts'
// import { x } from './x.ts'
/*
import { y } from './y.ts'
*/
const text = \`
import { z } from './z.ts' \${[a, \`\${b}\`].map((one) => { return one })}
\`
const quote = /['"\`/*]/.exec(text)
const later = await import('./later.ts')
const http = process.getBuiltinModule('node:http')
`)
  t.strictSame(source.imports.map(({ kind, specifier }) => `${kind} ${specifier}`).toSorted(), [
    'builtin node:http',
    'dynamic ./later.ts',
    'static ./a.ts',
    'static ./d.ts',
    'static side-effect',
    'type ./e.ts',
    'type node:net',
  ])
})

t.test('self-test: layering', async (t) => {
  const relay: Layer = layers['relay']
  const breaks = (text: string, folder = 'relay', layer: Layer | undefined = relay) =>
    rules.layering(parse(text, `packages/${folder}/src/made-up.ts`), folder, layer).length
  t.equal(
    breaks(`import { a } from '@pilotlight/http1'\nimport net from 'node:net'\nimport { b } from './b.ts'`),
    0,
  )
  t.equal(breaks(`import { a } from '@pilotlight/activator'`), 1)
  t.equal(breaks(`import { a } from '@pilotlight/http1/src/head.ts'`), 1)
  t.equal(breaks(`import type { A } from '../../http1/src/head.ts'`), 1)
  t.equal(breaks(`import os from 'node:os'`), 1)
  t.equal(breaks(`import { Pool } from 'undici'`), 1)
  t.equal(breaks(`import { Buffer } from 'node:buffer'`, 'http1', layers['http1']), 1)
  t.equal(breaks(`import { b } from '@pilotlight/queue-proxy'`, 'activator', layers['activator']), 1)
  t.equal(rules.layering(parse(''), 'misc', undefined).length, 1, 'an unknown package')
})

t.test('self-test: cycles', async (t) => {
  const a = parse(`import { b } from './b.ts'`, 'packages/relay/src/a.ts')
  const b = parse(`export * from './c.ts'`, 'packages/relay/src/b.ts')
  const c = parse(`import { a } from './a.ts'`, 'packages/relay/src/c.ts')
  const cOfTypes = parse(`import type { A } from './a.ts'`, 'packages/relay/src/c.ts')
  t.equal(rules.cycles([a, b, c]).length, 1)
  t.equal(rules.cycles([a, b, cOfTypes]).length, 0)
})

t.test('self-test: declarations', async (t) => {
  const source = parse(
    `import { a } from 'a/deep.js'\nimport { b } from '@scope/b'\nimport net from 'node:net'`,
  )
  t.equal(
    rules.undeclared(source, [{ dependencies: { a: '1' } }, { devDependencies: { '@scope/b': '1' } }]).length,
    0,
  )
  t.equal(
    rules.undeclared(source, [
      rules.shipped({ dependencies: { a: '1' }, devDependencies: { '@scope/b': '1' } }),
    ]).length,
    1,
  )
  t.equal(rules.unused('relay', { dependencies: { a: '1', c: '1' } }, [source]).length, 1)
  t.equal(
    rules.reachingAcross(
      parse(`import { a } from '../../http1/src/a.ts'`, 'packages/relay/test/b.test.ts'),
      'packages/relay',
    ).length,
    1,
  )
  t.equal(rules.entryPoints('queue-proxy', { exports: { '.': { default: './dist/index.js' } } }).length, 1)
  t.equal(rules.entryPoints('relay', { exports: { '.': { default: './dist/index.js' } } }).length, 1)
  t.equal(
    rules.references('relay', { dependencies: { '@pilotlight/http1': '1' } }, ['../admission']).length,
    2,
  )
})

t.test('self-test: what a file looks like', async (t) => {
  t.equal(rules.fileName(parse('', 'packages/relay/src/utils.ts')).length, 1)
  t.equal(rules.fileName(parse('', 'packages/relay/src/timerWheel.ts')).length, 1)
  t.equal(rules.fileName(parse('', 'packages/relay/src/timer-wheel.ts')).length, 0)
  t.equal(rules.fileSize(parse('a()\n// comment\n\n'.repeat(rules.FILE_LINES_MAX))).length, 0)
  t.equal(rules.fileSize(parse('a()\n'.repeat(rules.FILE_LINES_MAX + 1))).length, 1)
  t.equal(rules.defaultExports(parse('export default 1')).length, 1)
  t.equal(rules.defaultExports(parse('const a = 1\nexport { a as default }')).length, 1)
  t.equal(rules.importsOfHttp(parse(`import { request } from 'node:http'`)).length, 1)
  t.equal(
    rules.importsOfHttp(
      parse(`import type { Server } from 'node:http'\nprocess.getBuiltinModule('node:http')`),
    ).length,
    0,
  )
  t.strictSame(
    rules.impurities(
      parse(
        `const now = Date.now() // process\nconst a = { text: 'process', b: c.process }\nsetTimeout(f, 1)`,
      ),
    ).length,
    2,
  )
})

t.test('self-test: doc comments', async (t) => {
  const bad = (text: string) => rules.undocumented(parse(text)).length
  t.equal(bad('/** Says why. */\nexport function a(): void {}'), 0)
  t.equal(bad('/**\n * Says why.\n */\nexport abstract class A {}'), 0)
  t.equal(bad('/** S. */\nexport const S = { A: 0 } as const\nexport type S = (typeof S)[keyof typeof S]'), 0)
  t.equal(bad('/** One. */\nexport function a(): void\nexport function a(b?: string): void {}'), 0)
  t.equal(bad('/** Two. */\nexport const A = 1\nexport const B = 2\n\nexport const C = 3'), 1)
  t.equal(bad(`export { a } from './a.ts'`), 0)
  t.equal(bad('export function a(): void {}'), 1)
  t.equal(bad('// not a doc comment\nexport const A = 1'), 1)
  t.equal(bad('/* not a doc comment */\nexport interface A {}'), 1)
  t.equal(bad('/** Far away. */\n\nexport type A = 1'), 1)
  t.equal(bad('class A {}\nexport { A }'), 1)
})
