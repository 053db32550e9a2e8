/** What the sources of one package may reach for. */
export interface Layer {
  /** Packages of this repository, by their folder's name. */
  readonly packages: readonly string[]
  /** Modules of Node; `any` is every one of them (but see the rule on `node:http`). */
  readonly node: readonly string[] | 'any'
  /** Packages from the registry: none, or those its package.json declares. */
  readonly external: 'none' | 'declared'
}

/** A package of pure functions and state machines: time and everything else comes in as an argument. */
const PURE: Layer = { packages: [], node: [], external: 'none' }

const BELOW_SERVICES = [
  'http1',
  'admission',
  'autoscaler',
  'relay',
  'telemetry',
  'probe',
  'platform',
  'service',
]

/**
 * The layering, lowest first. A package that is not in this table may not exist: adding one is a decision (see
 * docs/decisions/0004-layering-and-public-entry-points.md). Packages that are planned already have their row.
 */
export const layers: Readonly<Record<string, Layer>> = {
  http1: PURE,
  admission: PURE,
  autoscaler: PURE,
  relay: {
    packages: ['http1'],
    node: [
      'node:crypto',
      'node:diagnostics_channel',
      'node:dns',
      'node:events',
      'node:fs',
      'node:http2',
      'node:net',
      'node:path',
      'node:tls',
    ],
    external: 'none',
  },
  telemetry: { packages: [], node: 'any', external: 'declared' },
  probe: { packages: [], node: 'any', external: 'none' },
  platform: {
    packages: ['admission', 'autoscaler', 'telemetry', 'probe'],
    node: 'any',
    external: 'declared',
  },
  service: { packages: ['http1', 'relay', 'telemetry'], node: 'any', external: 'none' },
  'queue-proxy': { packages: BELOW_SERVICES, node: 'any', external: 'declared' },
  activator: { packages: BELOW_SERVICES, node: 'any', external: 'declared' },
  cli: { packages: BELOW_SERVICES, node: 'any', external: 'declared' },
}

/** Nothing imports these: a service is started as a process, through its own `build()`. */
export const services: readonly string[] = ['queue-proxy', 'activator', 'cli']

/** The scope all packages of this repository live in. */
export const SCOPE = '@pilotlight/'
