// Makes what ships from the sources, in dist/bin or another folder:  node packages/queue-proxy/ship/bundle.ts [FOLDER]
//
//   queue-proxy.cjs         what `queue-proxy` runs: loads the program, with V8's code for it where that fits
//   program-<hash>.cjs      all of our own code in one file
//   program-<hash>.cache    V8's code for it, for the Node that ran this
//   prom-client.cjs, opentelemetry.cjs   libraries, loaded when they are configured
//   precompile.cjs          makes the .cache anew for the Node that runs it, as an image build does
//   made.json               which modules stand in which file, and which Node the .cache is for
//
// It is made beside that folder and then put there, the loader last, so that a sidecar that starts meanwhile finds a whole program: the one of
// before, or this one. docs/decisions/0017-how-the-queue-proxy-ships.md has the reasons.
import { build, type BuildOptions, type Metafile, type PluginBuild } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const here = import.meta.dirname
const LOADER = 'queue-proxy.cjs'
const target = resolve(process.argv[2] ?? join(here, '../dist/bin'))
mkdirSync(dirname(target), { recursive: true })
/** In the same file system, so that its files can be moved. */
const out = mkdtempSync(`${target}-new-`)
process.once('exit', () => rmSync(out, { recursive: true, force: true }))
/** Which packages come with which file. */
const LIBRARIES: Readonly<Record<string, RegExp>> = {
  'prom-client': /^prom-client\//,
  opentelemetry: /^@opentelemetry\//,
}

const common = {
  bundle: true,
  platform: 'node',
  target: 'node22.19',
  format: 'cjs',
  // Names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  // ASCII: the loader reads the program as Latin-1, which V8 keeps as it is.
  charset: 'ascii',
  // import() becomes require(): the loader of ES modules is never needed, which would cost 1 MB.
  supported: { 'dynamic-import': false },
  metafile: true,
  logLevel: 'warning',
} satisfies BuildOptions

const wanted = new Map(Object.keys(LIBRARIES).map((name) => [name, new Set<string>()]))
const program = await build({
  ...common,
  entryPoints: [join(here, '../src/main.ts')],
  outfile: join(out, 'program.cjs'),
  sourcemap: 'linked',
  conditions: ['@pilotlight/source'],
  // The log is written without it.
  external: ['pino'],
  // It is run as a script, not as a module: only scripts can be given code that was compiled after their start.
  banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
  footer: { js: '})' },
  plugins: [{ name: 'libraries', setup: (esbuild) => separateLibraries(esbuild) }],
})
const modules: Record<string, string[]> = { 'program.cjs': modulesIn(program.metafile) }
for (const name of Object.keys(LIBRARIES)) modules[`${name}.cjs`] = await bundleLibrary(name)
const made = { node: process.version, modules }
writeFileSync(join(out, 'made.json'), `${JSON.stringify(made, null, 1)}\n`)
writeLoader()
putInPlace()

/** Leaves libraries out of the program: they are taken from their own file when they are first imported. */
function separateLibraries(esbuild: PluginBuild): void {
  esbuild.onResolve({ filter: /^[@a-z]/, namespace: 'file' }, ({ path }) => {
    const library = Object.keys(LIBRARIES).find((name) => LIBRARIES[name].test(path))
    if (library === undefined) return undefined
    wanted.get(library)!.add(path)
    return { path, namespace: 'library', pluginData: library }
  })
  esbuild.onResolve({ filter: /^\.\/.*\.cjs$/, namespace: 'library' }, ({ path }) => ({
    path,
    external: true,
  }))
  esbuild.onLoad({ filter: /./, namespace: 'library' }, ({ path, pluginData }) => ({
    contents: `module.exports = require('./${pluginData as string}.cjs')[${JSON.stringify(path)}]()`,
    loader: 'js',
  }))
}

/** One file for all entry points, so that what they share exists once; each is evaluated when it is asked for. */
async function bundleLibrary(name: string): Promise<string[]> {
  const loads = [...wanted.get(name)!].toSorted().map((path) => {
    const text = JSON.stringify(path)
    return `${text}: () => require(${text})`
  })
  const { metafile } = await build({
    ...common,
    stdin: {
      contents: `module.exports = { ${loads.join(', ')} }`,
      resolveDir: join(here, '../../telemetry'),
    },
    minify: true,
    outfile: join(out, `${name}.cjs`),
  })
  return modulesIn(metafile)
}

/** What stands in what was written: more is read, and left out because nobody uses it. */
function modulesIn({ outputs }: Metafile): string[] {
  return Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs))
}

/** The name of the program has a hash of its text, so that code that was compiled for another one is never run. */
function writeLoader(): void {
  const text = readFileSync(join(out, 'program.cjs'), 'latin1')
  const name = `program-${createHash('sha256').update(text, 'latin1').digest('hex').slice(0, 12)}`
  renameSync(join(out, 'program.cjs'), join(out, `${name}.cjs`))
  for (const file of [LOADER, 'precompile.cjs']) {
    const source = readFileSync(join(here, file), 'utf8').replaceAll('@PROGRAM@', name)
    writeFileSync(join(out, file), source)
    chmodSync(join(out, file), 0o755)
  }
  // By its first line, whose flags belong to the code.
  const [, flags] = /^#!.*\bnode (.*)$/m.exec(readFileSync(join(out, 'precompile.cjs'), 'utf8'))!
  const { status, stderr } = spawnSync(process.execPath, [...flags.split(' '), join(out, 'precompile.cjs')], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  if (status !== 0) throw new Error(`precompile.cjs failed: ${stderr}`)
}

/** Moves everything to where it belongs. The program of before stays: whoever has just read its loader is about to read it. */
function putInPlace(): void {
  mkdirSync(target, { recursive: true })
  const replaced = programOf(join(target, LOADER))
  const files = readdirSync(out)
  for (const file of files.filter((name) => name !== LOADER)) renameSync(join(out, file), join(target, file))
  renameSync(join(out, LOADER), join(target, LOADER))
  for (const file of readdirSync(target))
    if (!files.includes(file) && (replaced === '' || !file.startsWith(`${replaced}.`)))
      rmSync(join(target, file), { recursive: true })
}

/** Which program a loader runs; empty when there is no loader. */
function programOf(loader: string): string {
  return existsSync(loader) ? (/program-[0-9a-f]+/.exec(readFileSync(loader, 'latin1'))?.[0] ?? '') : ''
}
