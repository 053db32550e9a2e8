// Runs after `npm install` and `npm ci`. npm 10 removes node_modules/.bin/node again when it drops the packages for other
// platforms, because each of them brings a program of that name; npm 11 does not. This puts the link back. It runs on
// whatever Node npm runs on, from 20 on.
import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const modules = join(root, 'node_modules')
const link = join(modules, '.bin', 'node')
const installed = Object.keys(optionalDependencies).find((name) =>
  existsSync(join(modules, name, 'bin', 'node')),
)

if (installed !== undefined && !existsSync(link)) {
  rmSync(link, { force: true })
  symlinkSync(join('..', installed, 'bin', 'node'), link)
}
