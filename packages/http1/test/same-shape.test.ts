import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'

/**
 * V8 compiles field accesses for the hidden class it has seen. Two heads that went different ways must still have one;
 * the script that looks needs a flag that tap's own process does not have.
 */
t.test('objects of the hot path keep one hidden class whatever they were used for', async (t) => {
  const script = join(import.meta.dirname, 'support', 'same-shape.ts')
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--allow-natives-syntax', script], {
    encoding: 'utf8',
  })
  t.equal(stderr.replaceAll(/^.*(?:ExperimentalWarning|--trace-warnings).*$/gm, '').trim(), '')
  t.equal(status, 0)
  const shapes = JSON.parse(stdout) as Record<string, boolean>
  t.strictSame(Object.keys(shapes).length, 4)
  for (const [name, isSame] of Object.entries(shapes)) t.ok(isSame, name)
})
