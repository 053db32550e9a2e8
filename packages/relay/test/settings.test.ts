import { DEFAULT_LIMITS } from '@pilotlight/http1'
import t from 'tap'
import {
  ConfigurationError,
  DEFAULT_LISTEN,
  DEFAULT_POOL,
  DEFAULT_SETTINGS,
  DEFAULT_TLS,
  readEndpoint,
  readSettings,
  type RelaySettings,
} from '../src/settings.ts'
import { readDocTables } from './support/tables.ts'

const LISTEN = [{ host: '127.0.0.1', port: 0 }]
const PAIR = { certFile: 'a.crt', keyFile: 'a.key' }

/** What is wrong with these options, beside a listener that is right. Any value, because people write them. */
function problemsOf(options: Record<string, unknown>): string[] {
  const problems: string[] = []
  readSettings({ listen: LISTEN, ...options }, problems)
  return problems
}

const DAY = 86_400_000
const MIB = 1024 * 1024

/** Lowest and highest value of every number. */
const BOUNDS: Record<string, readonly [number, number, string]> = {
  connectionsMax: [1, 1_000_000, 'connections'],
  headMs: [1, DAY, 'ms'],
  keepAliveMs: [0, 30 * DAY, 'ms'],
  holdBytes: [0, 1024 * MIB, 'bytes'],
  lingerMs: [1, DAY, 'ms'],
  lingerBytes: [0, 1024 * MIB, 'bytes'],
  continueMs: [1, DAY, 'ms'],
  streamsMax: [1, 100_000, 'streams'],
  windowBytes: [65_535, 1024 * MIB, 'bytes'],
  'clocks.queueMs': [0, 30 * DAY, 'ms'],
  'clocks.responseStartMs': [0, 30 * DAY, 'ms'],
  'clocks.idleMs': [0, 30 * DAY, 'ms'],
  'clocks.totalMs': [0, 30 * DAY, 'ms'],
  'clocks.tunnelMs': [0, 30 * DAY, 'ms'],
  'limits.headBytes': [128, 16 * MIB, 'bytes'],
  'limits.headerCount': [1, 65_536, 'fields'],
  'limits.targetBytes': [1, 16 * MIB, 'bytes'],
  'limits.chunkExtensionBytes': [0, MIB, 'bytes'],
  'limits.trailerBytes': [2, 16 * MIB, 'bytes'],
}

/** `{ a: { b: value } }` for `a.b`. */
const at = (place: string, value: unknown): Record<string, unknown> => {
  const [first, second] = place.split('.') as [string, string?]
  return { [first]: second === undefined ? value : { [second]: value } }
}

/** Settings by their place, groups taken apart. */
function flat(settings: object): Map<string, unknown> {
  const places = new Map<string, unknown>()
  for (const [name, value] of Object.entries(settings)) {
    if (Array.isArray(value)) continue
    if (typeof value !== 'object') places.set(name, value)
    else for (const [inner, own] of Object.entries(value as object)) places.set(`${name}.${inner}`, own)
  }
  return places
}

t.test('what is left out has its default', async (t) => {
  const problems: string[] = []
  const settings = readSettings(
    { listen: [{}], clocks: { idleMs: 5 }, limits: { headerCount: 7 }, holdBytes: 1 },
    problems,
  )
  t.strictSame(problems, [])
  t.strictSame(settings, {
    ...DEFAULT_SETTINGS,
    holdBytes: 1,
    clocks: { ...DEFAULT_SETTINGS.clocks, idleMs: 5 },
    limits: { ...DEFAULT_LIMITS, headerCount: 7 },
    listen: [{ host: '::', port: 0 }],
  })
})

t.test('the defaults are valid themselves', async (t) => {
  const { listen: _, ...rest } = DEFAULT_SETTINGS
  t.strictSame(problemsOf(rest), [])
})

t.test('every number has bounds, which are inclusive', async (t) => {
  const numbers = [...flat(DEFAULT_SETTINGS)]
    .filter(([, value]) => typeof value === 'number')
    .map(([place]) => place)
  t.strictSame(numbers.toSorted(), Object.keys(BOUNDS).toSorted(), 'none is left out here')
  for (const [place, [min, max, unit]] of Object.entries(BOUNDS)) {
    const says = `it must be a whole number of ${unit} from ${min} to ${max}`
    // The two sizes that depend on each other stay in order.
    const other =
      place === 'limits.headBytes'
        ? { targetBytes: 1 }
        : place === 'limits.targetBytes'
          ? { headBytes: 16 * MIB }
          : {}
    const problems = (value: unknown): string[] => {
      const options = at(place, value)
      if (options['limits'] !== undefined) Object.assign(options['limits'] as object, other)
      return problemsOf(options).filter((problem) => !problem.includes('must be less than'))
    }
    t.strictSame(problems(min), [], `${place} may be ${min}`)
    t.strictSame(problems(max), [], `${place} may be ${max}`)
    for (const [value, shown] of [
      [min - 1, String(min - 1)],
      [max + 1, String(max + 1)],
      [min + 0.5, String(min + 0.5)],
      [Number.NaN, 'NaN'],
      [Infinity, 'Infinity'],
      ['10', '"10"'],
      [null, 'null'],
      [undefined, 'undefined'],
      [true, 'true'],
      [10n, '10'],
      [[1], '[1]'],
    ] as const) {
      t.strictSame(problems(value), [`${place} is ${shown}: ${says}`])
    }
  }
})

t.test('what is no number is checked too', async (t) => {
  const cases: [Record<string, unknown>, string][] = [
    [{ proxyName: 'a b' }, 'proxyName is "a b": it must be a token (RFC 9110 section 5.6.2)'],
    [{ proxyName: '' }, 'proxyName is "": it must be a token (RFC 9110 section 5.6.2)'],
    [{ proxyName: 'a\r\nX: y' }, 'proxyName is "a\\r\\nX: y": it must be a token (RFC 9110 section 5.6.2)'],
    [
      { clocks: { responseStartIncludesQueue: 1 } },
      'clocks.responseStartIncludesQueue is 1: it must be true or false',
    ],
    [{ clocks: null }, 'clocks is null: it must be an object'],
    [{ limits: 5 }, 'limits is 5: it must be an object'],
    [{ limits: [] }, 'limits is []: it must be an object'],
    [{ listen: [] }, 'listen is []: it must be a list of at least one { host, port }'],
    [{ listen: undefined }, 'listen is []: it must be a list of at least one { host, port }'],
    [{ listen: '8080' }, 'listen is "8080": it must be a list of at least one { host, port }'],
    [{ listen: [null] }, 'listen[0] is null: it must be an object'],
    [{ listen: [{}, { port: 65_536 }] }, 'listen[1].port is 65536: it must be a port number from 0 to 65535'],
    [{ listen: [{ port: '80' }] }, 'listen[0].port is "80": it must be a port number from 0 to 65535'],
    [{ listen: [{ host: '' }] }, 'listen[0].host is "": it must be an IP address or a host name'],
    [{ listen: [{ host: 5 }] }, 'listen[0].host is 5: it must be an IP address or a host name'],
    [{ listen: [{ tls: true }] }, 'listen[0].tls is true: it must be an object'],
  ]
  for (const [options, problem] of cases) t.strictSame(problemsOf(options), [problem])
})

t.test('TLS is checked', async (t) => {
  const problems = (tls: Record<string, unknown>): string[] =>
    problemsOf({ listen: [{ tls: { ...PAIR, ...tls } }] })
  t.strictSame(problems({}), [])
  t.strictSame(problems({ minVersion: 'TLSv1.2' }), [])
  t.strictSame(
    problems({ minVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', groups: 'X25519:P-256' }),
    [],
  )
  t.strictSame(problems({ certFile: '', keyFile: 5 }), [
    'listen[0].tls.certFile is "": it must be the path of a PEM file',
    'listen[0].tls.keyFile is 5: it must be the path of a PEM file',
  ])
  t.strictSame(problems({ minVersion: '1.3' }), [
    'listen[0].tls.minVersion is "1.3": it must be TLSv1.2 or TLSv1.3',
  ])
  t.strictSame(problems({ maxVersion: 'TLSv1.2' }), [
    'listen[0].tls.minVersion is "TLSv1.3": it must not be above maxVersion, "TLSv1.2"',
  ])
  t.strictSame(problems({ ciphers: 'nonsense', groups: 'nonsense' }), [
    'listen[0].tls.ciphers is "nonsense": it must be an OpenSSL cipher list, or empty for the default',
    'listen[0].tls.groups is "nonsense": it must be key-exchange groups with colons between, or empty for the default',
  ])
})

t.test('an unknown name is a problem, and the known ones are listed', async (t) => {
  t.strictSame(problemsOf({ headTimeout: 5 }), [
    'headTimeout is not an option: known are proxyName, connectionsMax, headMs, keepAliveMs, holdBytes, lingerMs, lingerBytes, ' +
      'continueMs, streamsMax, windowBytes',
  ])
  t.match(problemsOf({ clocks: { queue: 5 } }), [
    /^clocks\.queue is not an option: known are queueMs, responseStartMs, /,
  ])
  t.match(problemsOf({ limits: { head: 5 } }), [/^limits\.head is not an option: known are headBytes, /])
  t.match(problemsOf({ listen: [{ ip: '::' }] }), [/^listen\[0\]\.ip is not an option: known are host, port/])
  t.match(problemsOf({ listen: [{ tls: { ...PAIR, ca: '' } }] }), [
    /^listen\[0\]\.tls\.ca is not an option: known are certFile, /,
  ])
  // Names that every object has are no options either.
  for (const name of ['constructor', 'toString', '__proto__x'])
    t.match(problemsOf({ [name]: 5 }), [/ is not an option/])
})

t.test('a target must fit into its head', async (t) => {
  t.strictSame(problemsOf({ limits: { headBytes: 1000, targetBytes: 1000 } }), [
    'limits.targetBytes is 1000: it must be less than limits.headBytes, 1000',
  ])
  t.strictSame(problemsOf({ limits: { headBytes: 1000, targetBytes: 999 } }), [])
})

t.test('every problem is told at once', async (t) => {
  const problems = problemsOf({
    headMs: 0,
    colour: 'red',
    clocks: { idleMs: -1 },
    limits: { headerCount: 0 },
    listen: [{ port: -1, tls: { certFile: 'a' } }],
  })
  t.equal(problems.length, 6)
  const error = new ConfigurationError(problems)
  t.equal(error.name, 'ConfigurationError')
  t.strictSame(error.problems, problems)
  t.equal(error.message.split('\n').length, 6, 'one line each')
})

t.test('docs/reference/relay.md has every setting with its default', async (t) => {
  const tables = readDocTables('reference/relay.md')
  /** As the tables write it: numbers with their thousands apart, times and sizes by their own names. */
  const shown = (value: unknown): string =>
    typeof value === 'number' ? value.toLocaleString('en-US') : value === '' ? 'empty' : String(value)
  const check = (heading: string, defaults: ReadonlyMap<string, unknown>): void => {
    const table = tables.get(heading)
    t.strictSame(
      [...(table?.keys() ?? [])],
      [...defaults.keys()],
      `${heading}: every setting, in the order of the code`,
    )
    for (const [place, value] of defaults) {
      const [, meaning, unit, range, fallback, reason] = table?.get(place) ?? []
      t.equal(fallback, shown(value), `${place}: default`)
      t.match(meaning, /.{10,}/, `${place}: meaning`)
      t.match(unit, /.+/, `${place}: unit`)
      t.match(reason, /.{10,}/, `${place}: reason`)
      const bounds = BOUNDS[place]
      if (bounds !== undefined)
        t.equal(range, `${shown(bounds[0])} to ${shown(bounds[1])}`, `${place}: range`)
    }
  }
  const { clocks, limits, listen: _, ...relay } = DEFAULT_SETTINGS as RelaySettings
  check('Relay', flat(relay))
  check('Clocks', flat({ clocks }))
  check('Limits', flat({ limits }))
  check('Listeners', new Map(Object.entries(DEFAULT_LISTEN)))
  check(
    'TLS',
    new Map<string, unknown>([['certFile', 'none'], ['keyFile', 'none'], ...Object.entries(DEFAULT_TLS)]),
  )
  const pool = tables.get('Pool')
  t.equal(pool?.get('idleMax')?.[4], '1,000')
  t.equal(pool?.get('idleMs')?.[4], '90,000')
})

/** What is wrong with an endpoint. Any value, because people write them. */
function endpointProblems(
  address: Record<string, unknown>,
  pool: Record<string, unknown> = {},
): readonly string[] {
  try {
    readEndpoint({ host: '127.0.0.1', port: 80, ...address }, pool)
    return []
  } catch (error) {
    return (error as ConfigurationError).problems
  }
}

t.test('an endpoint has the pool that is left out', async (t) => {
  t.strictSame(readEndpoint({ host: '::1', port: 65_535, protocol: 'h2' }, { idleMax: 0 }), {
    ...DEFAULT_POOL,
    idleMax: 0,
  })
})

t.test('an impossible endpoint is refused with every problem', async (t) => {
  t.strictSame(
    endpointProblems({ host: '', port: 0, protocol: 'spdy' }, { idleMax: -1, idleMs: 1.5, idle: 1 }),
    [
      'endpoint.host is "": it must be an IP address or a host name',
      'endpoint.port is 0: it must be a port number from 1 to 65535',
      'endpoint.protocol is "spdy": it must be http1 or h2',
      'pool.idleMax is -1: it must be a whole number of connections from 0 to 1000000',
      'pool.idleMs is 1.5: it must be a whole number of ms from 0 to 2592000000',
      'pool.idle is not an option: known are idleMax, idleMs, dialAttemptsMax, budget',
    ],
  )
})
