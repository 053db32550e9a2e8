import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { differencesTable } from './differences.ts'
import { groups } from './groups.ts'
import { runGroup } from './support/run-group.ts'
import { compileInto } from './support/subject.ts'

/** Groups at a time: most of their time they wait for a clock of the queue-proxy. */
const JOBS = 10

t.setTimeout(180_000)
t.jobs = JOBS
const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
t.teardown(() => rmSync(folder, { recursive: true }))
await compileInto(folder)

await Promise.all(
  groups
    .toSorted((a, b) => Number(b.isSlow ?? false) - Number(a.isSlow ?? false))
    .map((group) => t.test(group.name, { buffered: true }, (t) => runGroup(t, group, 'ours'))),
)

for (const line of differencesTable()) t.comment(line)
