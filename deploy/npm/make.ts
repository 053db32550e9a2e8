// Makes what the package `pilotlight` consists of, in this folder, from the sources:  node deploy/npm/make.ts
//
//   cli/dist/           the command          one file, and others that are loaded when they are needed
//   activator/dist/     the activator        the same, and the files of its page
//   queue-proxy/dist/   the sidecar          what packages/queue-proxy/ship/bundle.ts made
//   NOTICES             licences of what is in there and not ours
//
// The folders stand to each other as they do in packages/, so that each program finds the others in the same place. Nothing is left to
// install with it: `npm install` of the tarball fetches nothing.
import { build, type Metafile } from 'esbuild'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'

const here = import.meta.dirname
const root = join(here, '../..')
const packages = join(root, 'packages')

/** Libraries that are CommonJS ask for these. */
const BANNER = [
  "import { createRequire as __createRequire } from 'node:module'",
  'const require = __createRequire(import.meta.url)',
  'const __filename = import.meta.filename',
  'const __dirname = import.meta.dirname',
].join(';')

const SHEBANG = '#!/usr/bin/env node'

for (const folder of ['activator', 'cli', 'queue-proxy'])
  rmSync(join(here, folder), { recursive: true, force: true })
const inputs = new Set<string>()
for (const service of ['activator', 'cli']) note(await bundle(service))
cpSync(join(packages, 'activator/src/admin/page'), join(here, 'activator/dist/page'), { recursive: true })
bundleQueueProxy()
for (const file of ['LICENSE', 'README.md', 'README.zh-CN.md']) cpSync(join(root, file), join(here, file))
writeFileSync(join(here, 'NOTICES'), notices())

async function bundle(service: string): Promise<Metafile> {
  const outdir = join(here, service, 'dist')
  mkdirSync(outdir, { recursive: true })
  const { metafile } = await build({
    entryPoints: [join(packages, service, 'src/main.ts')],
    outdir,
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node22.19',
    format: 'esm',
    conditions: ['@pilotlight/source'],
    // Names stay, for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    banner: { js: BANNER },
    metafile: true,
    logLevel: 'warning',
    absWorkingDir: root,
  })
  const program = join(outdir, 'main.js')
  const text = readFileSync(program, 'utf8')
  if (!text.startsWith(SHEBANG)) writeFileSync(program, `${SHEBANG}\n${text}`)
  chmodSync(program, 0o755)
  return metafile
}

function bundleQueueProxy(): void {
  // What `npm run build` made stays as it is: it may be in use.
  const bin = join(here, 'queue-proxy/dist/bin')
  const { status } = spawnSync(process.execPath, [join(packages, 'queue-proxy/ship/bundle.ts'), bin], {
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error('packages/queue-proxy/ship/bundle.ts failed')
  for (const file of readdirSync(bin)) if (file.endsWith('.map')) rmSync(join(bin, file))
  const made = JSON.parse(readFileSync(join(bin, 'made.json'), 'utf8')) as {
    modules: Record<string, string[]>
  }
  for (const file of Object.values(made.modules).flat()) inputs.add(file)
}

function note({ outputs }: Metafile): void {
  for (const output of Object.values(outputs)) for (const file of Object.keys(output.inputs)) inputs.add(file)
}

/** The licence of each package that something was taken from. */
function notices(): string {
  const folders = new Set<string>()
  for (const file of inputs) {
    const [, folder] = /^(?:.*?)(node_modules\/(?:.*node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(file) ?? []
    if (folder !== undefined) folders.add(join(root, folder))
  }
  return [...folders]
    .toSorted()
    .map((folder) => noticeOf(folder))
    .join(`\n${'-'.repeat(100)}\n\n`)
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string
  >
  const file = readdirSync(folder).find((one) => /^(?:licen[cs]e|copying)/i.test(one))
  if (!existsSync(folder)) throw new Error(`${relative(root, folder)} is not there`)
  const text = file === undefined ? `Licence: ${license}` : readFileSync(join(folder, file), 'utf8').trim()
  return `${name} ${version}\n\n${text}\n`
}
