// A sidecar may start at any moment of a build: both are on the same machine when a service is developed.
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'

const BUNDLE = join(import.meta.dirname, '../ship/bundle.ts')
const OLD = 'program-000000000000'

async function run(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], env: {} })
  let said = ''
  child.stderr.on('data', (bytes) => (said += String(bytes)))
  await new Promise((resolve) => child.once('close', resolve))
  return said
}

function programsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => /^program-.*\.cjs$/.test(file))
    .map((file) => file.replace('.cjs', ''))
}

t.test('a build leaves a program in place for whoever starts meanwhile', async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'pilotlight-bundle-'))
  t.teardown(() => rmSync(parent, { recursive: true, force: true }))
  const folder = join(parent, 'bin')
  t.equal(await run([BUNDLE, folder]), '')
  const [name] = programsIn(folder)

  // As if it had been built from other sources.
  const loader = join(folder, 'queue-proxy.cjs')
  writeFileSync(loader, readFileSync(loader, 'utf8').replaceAll(name, OLD))
  for (const end of ['cjs', 'cache'])
    renameSync(join(folder, `${name}.${end}`), join(folder, `${OLD}.${end}`))

  const stop = new AbortController()
  const built = run([BUNDLE, folder]).finally(() => stop.abort())
  let starts = 0
  while (!stop.signal.aborted) {
    // It says what it misses: it runs.
    const said = await run([loader])
    starts++
    if (!said.includes('CONTAINER_CONCURRENCY')) t.fail(said)
  }
  t.equal(await built, '')
  t.ok(starts > 0)
  t.match(readFileSync(loader, 'utf8'), name, 'the new program is the one that starts now')
  t.strictSame(programsIn(folder).toSorted(), [OLD, name].toSorted(), 'and the other is still there')

  t.equal(await run([BUNDLE, folder]), '')
  t.strictSame(programsIn(folder), [name], 'until the next build')
  t.notOk(existsSync(join(folder, `${OLD}.cache`)))
  t.strictSame(readdirSync(parent), ['bin'], 'nothing is left beside it')
})
