import { posix } from 'node:path'
import { SCOPE, services } from './layers.ts'
import type { Layer } from './layers.ts'
import type { Import, Source } from './source.ts'

/** The parts of a package.json that the rules read. */
export interface Manifest {
  readonly name?: string
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** Non-blank, non-comment lines in one file: an error above this. */
export const FILE_LINES_MAX = 500

/** What a file should stay below; above it the test only says so. */
export const FILE_LINES_AIM = 300

const BARE_OF_MEANING = /^(?:utils?|helpers?|common|types|misc|shared)\.ts$/
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/

/** The package a bare specifier belongs to: `a/b.js` is `a`, `@s/a/b.js` is `@s/a`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]
}

const isRelative = (specifier: string): boolean => specifier.startsWith('.')
const isNode = (specifier: string): boolean => specifier.startsWith('node:')
const isBare = (specifier: string): boolean => !isRelative(specifier) && !isNode(specifier)

/** Imports that break the layering of a package's own sources. */
export function layering(source: Source, folder: string, layer: Layer | undefined): string[] {
  if (layer === undefined) return [`${source.path}: package ${folder} has no row in the table of layers`]
  return source.imports.flatMap(({ specifier }) => {
    const wrong = (why: string): string[] => [`${source.path}: imports ${specifier}: ${why}`]
    if (isRelative(specifier)) {
      const target = posix.join(posix.dirname(source.path), specifier)
      return target.startsWith(`packages/${folder}/src/`) ? [] : wrong('it is outside this package')
    }
    if (isNode(specifier)) {
      if (layer.node === 'any' || layer.node.includes(specifier)) return []
      return wrong(`${folder} may not use this module of Node`)
    }
    const target = packageOf(specifier)
    if (!target.startsWith(SCOPE)) {
      return layer.external === 'declared' ? [] : wrong(`${folder} may not use packages from the registry`)
    }
    if (specifier !== target) return wrong('only the public entry point of a package may be imported')
    const name = target.slice(SCOPE.length)
    if (services.includes(name)) return wrong('nothing imports a service')
    return layer.packages.includes(name) ? [] : wrong(`${name} is not below ${folder}`)
  })
}

/** Relative imports of a test that leave its own package for anything but `test/`. */
export function reachingAcross(source: Source, folder: string): string[] {
  return source.imports
    .filter(({ specifier }) => isRelative(specifier))
    .filter(({ specifier }) => {
      const target = posix.join(posix.dirname(source.path), specifier)
      return !target.startsWith(`${folder}/`) && !target.startsWith('test/')
    })
    .map(({ specifier }) => `${source.path}: imports ${specifier}: use the package's public name`)
}

/** Bare imports that no manifest declares. */
export function undeclared(source: Source, manifests: readonly Manifest[]): string[] {
  const declared = new Set(
    manifests.flatMap((manifest) => [
      ...(manifest.name === undefined ? [] : [manifest.name]),
      ...Object.keys(manifest.dependencies ?? {}),
      ...Object.keys(manifest.devDependencies ?? {}),
      ...Object.keys(manifest.optionalDependencies ?? {}),
      ...Object.keys(manifest.peerDependencies ?? {}),
    ]),
  )
  return source.imports
    .filter(({ specifier }) => isBare(specifier) && !declared.has(packageOf(specifier)))
    .map(({ specifier }) => `${source.path}: imports ${specifier}, which its package.json does not declare`)
}

/** What a package ships with: its `dependencies`, and nothing for development. */
export function shipped(manifest: Manifest): Manifest {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest
  return { dependencies, optionalDependencies, peerDependencies }
}

/** Dependencies that a package declares and none of its sources imports. */
export function unused(folder: string, manifest: Manifest, sources: readonly Source[]): string[] {
  const imported = new Set(sources.flatMap((source) => source.imports.map((one) => packageOf(one.specifier))))
  return Object.keys(manifest.dependencies ?? {})
    .filter((name) => !imported.has(name))
    .map((name) => `packages/${folder}/package.json: declares ${name}, which no source imports`)
}

/**
 * Rings of files that import each other, each once, as `a.ts -> b.ts -> a.ts`. Imports of types are erased and do not count.
 */
export function cycles(sources: readonly Source[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const finished = new Set<string>()
  const trail: string[] = []
  const found: string[] = []

  const visit = (path: string): void => {
    const seenAt = trail.indexOf(path)
    if (seenAt >= 0) return void found.push([...trail.slice(seenAt), path].join(' -> '))
    if (finished.has(path)) return
    trail.push(path)
    for (const one of byPath.get(path)?.imports ?? []) {
      if (one.kind === 'type' || !isRelative(one.specifier)) continue
      visit(posix.join(posix.dirname(path), one.specifier))
    }
    trail.pop()
    finished.add(path)
  }
  for (const { path } of sources) visit(path)
  return found
}

/** A file name that says nothing, or is not written in kebab-case. */
export function fileName(source: Source): string[] {
  const name = posix.basename(source.path)
  if (BARE_OF_MEANING.test(name)) return [`${source.path}: name the file after what it holds`]
  return KEBAB_CASE.test(name) ? [] : [`${source.path}: file names are kebab-case`]
}

/** The lines of a file that are neither blank nor only comment. */
export function lineCount(source: Source): number {
  return source.code.split('\n').filter((line) => line.trim() !== '').length
}

/** A file above the size budget. */
export function fileSize(source: Source): string[] {
  const lines = lineCount(source)
  return lines > FILE_LINES_MAX ? [`${source.path}: ${lines} lines, the budget is ${FILE_LINES_MAX}`] : []
}

/** Default exports: a thing has one name everywhere. */
export function defaultExports(source: Source): string[] {
  const found = /^export\s+default\b/m.test(source.bare) || /^export\s*\{[^}]*\bdefault\b/m.test(source.bare)
  return found ? [`${source.path}: has a default export`] : []
}

const LOADS_HTTP = new Set(['http', 'https', 'node:http', 'node:https'])

/**
 * Imports of `node:http`: as an ES module it loads the HTTP client that is built into Node, which costs a process 14 to 21 ms at its
 * start and 10 MB or more. `process.getBuiltinModule('node:http')` does not, and a type costs nothing.
 */
export function importsOfHttp(source: Source): string[] {
  const costs = ({ kind, specifier }: Import): boolean =>
    LOADS_HTTP.has(specifier) && (kind === 'static' || kind === 'dynamic')
  return source.imports
    .filter(costs)
    .map(({ specifier }) => `${source.path}: imports ${specifier}; use process.getBuiltinModule`)
}

const IMPURE =
  /(?<![.\w$])(?:process|console|Date|performance|fetch|setTimeout|setInterval|setImmediate|queueMicrotask|crypto|Math\s*\.\s*random)\b(?!\s*\??:)/g

/** Uses of the clock, timers, the process or the log in a package of pure functions. */
export function impurities(source: Source): string[] {
  const names = new Set(Array.from(source.bare.matchAll(IMPURE), ([name]) => name))
  return [...names].map((name) => `${source.path}: uses ${name}; this package is pure`)
}

const DECLARATION =
  /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?<kind>function\*?|class|interface|type|const|let)\s+(?<name>[\w$]+)/

/**
 * Exported declarations without a doc comment directly above them. A type with the name of a documented constant is its other half
 * (`const State = {…} as const`), of a function's overloads the first one speaks for all, and so does the first of several constants
 * on lines that follow each other.
 */
export function undocumented(source: Source): string[] {
  const lines = source.text.split('\n')
  const code = source.code.split('\n')
  const listed = new Set(
    Array.from(source.bare.matchAll(/^export\s+(?:type\s+)?\{([^}]*)\}(?!\s*from)/gm), ([, names]) => names)
      .flatMap((names) => names.split(','))
      .map((name) =>
        name
          .replace(/^\s*type\s/, '')
          .split(' as ')[0]
          .trim(),
      ),
  )
  const documented = new Set<string>()
  const found: string[] = []
  let constantAbove = false
  for (const [index, line] of code.entries()) {
    const inRun = constantAbove && line.startsWith('export const ')
    constantAbove = false
    const match = DECLARATION.exec(line) ?? DECLARATION.exec(`export ${line}`)
    const name = match?.groups?.['name']
    if (name === undefined || (!line.startsWith('export') && !listed.has(name))) continue
    if (inRun || hasDocAbove(lines, index)) {
      documented.add(name)
      constantAbove = line.startsWith('export const ')
    } else if (!documented.has(name)) found.push(`${source.path}:${index + 1}: ${name} has no doc comment`)
  }
  return found
}

function hasDocAbove(lines: readonly string[], index: number): boolean {
  let at = index - 1
  if (at < 0 || !lines[at].trimEnd().endsWith('*/')) return false
  while (at > 0 && !lines[at].includes('/*')) at--
  return lines[at].trimStart().startsWith('/**')
}

/**
 * The entry points a package offers: only `.`, first from source (for development), then from what is shipped. A service has none: it is
 * started, not imported.
 */
export function entryPoints(folder: string, manifest: Manifest): string[] {
  if (services.includes(folder))
    return manifest.exports === undefined
      ? []
      : [`packages/${folder}/package.json: a service exports nothing`]
  const expected = {
    '.': {
      '@pilotlight/source': './src/index.ts',
      types: './dist/index.d.ts',
      default: './dist/index.js',
    },
  }
  // The order counts: the first condition that applies wins.
  if (JSON.stringify(manifest.exports) === JSON.stringify(expected)) return []
  return [`packages/${folder}/package.json: exports must be ${JSON.stringify(expected)}`]
}

/** Dependencies inside this repository that a package's tsconfig.json does not refer to, and the other way round. */
export function references(folder: string, manifest: Manifest, paths: readonly string[]): string[] {
  const declared = Object.keys(manifest.dependencies ?? {})
    .filter((name) => name.startsWith(SCOPE))
    .map((name) => name.slice(SCOPE.length))
  const referred = paths.map((path) => posix.basename(path))
  return [
    ...declared.filter((name) => !referred.includes(name)).map((name) => `no reference to ${name}`),
    ...referred.filter((name) => !declared.includes(name)).map((name) => `a reference to ${name} too many`),
  ].map((what) => `packages/${folder}/tsconfig.json: ${what}`)
}
