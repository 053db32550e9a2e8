// Puts the live page beside the compiled activator: dist/admin/page, as it is in src/admin/page, which the compiler leaves out.
//
//   node packages/activator/ship/page.ts
import { cpSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'

const from = join(import.meta.dirname, '../src/admin/page')
const to = join(import.meta.dirname, '../dist/admin/page')

// What is no longer in the sources has to go, too.
rmSync(to, { recursive: true, force: true })
cpSync(from, to, { recursive: true, filter: (path) => basename(path) !== 'tsconfig.json' })
