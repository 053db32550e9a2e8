import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createLogger, type Logger, type LoggerOptions } from '../src/logger.ts'

const TIME = Date.UTC(2026, 10, 21, 4, 5, 6) + 7.25
const FIELDS = { commit: 'abc', 'knative.dev/key': 'ns/rev', 'knative.dev/pod': 'pod' }

interface Log {
  readonly logger: Logger
  readonly path: string
  readonly lines: () => Promise<string[]>
}

/** A log into a file; `config` is without its outputPaths. */
function logTo(
  t: { teardown(end: () => void): void },
  config: object = {},
  options: Partial<LoggerOptions> = {},
): Log {
  const directory = mkdtempSync(join(tmpdir(), 'logger-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'log')
  const text = JSON.stringify({ outputPaths: [path], ...config })
  const logger = createLogger({
    level: '',
    name: 'queueproxy',
    fields: FIELDS,
    now: () => TIME,
    ...options,
    config: text,
  })
  return {
    logger,
    path,
    lines: async () => {
      await logger.ready()
      return readFileSync(path, 'utf8').split('\n').slice(0, -1)
    },
  }
}

const parsed = (lines: readonly string[]): Record<string, unknown>[] => lines.map((line) => JSON.parse(line))

t.test('a line has the keys and the severity of the built-in configuration', async (t) => {
  const { logger, lines } = logTo(t)
  logger.debug('not shown')
  logger.info('hello', { port: 8012 })
  logger.warn('w')
  logger.error('failed', { error: Object.assign(new Error('boom'), { stack: 'at x' }) })
  logger.fatal('end')
  t.strictSame(parsed(await lines()), [
    line('INFO', { port: 8012, message: 'hello' }),
    line('WARNING', { message: 'w' }),
    line('ERROR', { error: 'boom', stacktrace: 'at x', message: 'failed' }),
    line('EMERGENCY', { message: 'end' }),
  ])
})

function line(severity: string, rest: object, timestamp: unknown = '2026-11-21T04:05:06.00725Z'): object {
  return { severity, timestamp, logger: 'queueproxy', ...FIELDS, ...rest }
}

t.test('a line is the same bytes before and after pino is there', async (t) => {
  const { logger, lines } = logTo(t)
  const write = (): void => {
    logger.info('a %s "b" \n\u001b é \ud800', {
      n: 1,
      nested: { a: [1, null] },
      text: 'x\ny"\\\u2028',
      none: undefined,
    })
    logger.warn('', { error: new Error('e'), message: 'taken', commit: 'taken' })
  }
  write()
  logger.flush()
  await logger.ready()
  write()
  const [first, second, third, fourth] = (await lines()).map((text) =>
    text.replace(/"stacktrace":"(?:[^"\\]|\\.)*"/, ''),
  )
  t.equal(first, third)
  t.equal(second, fourth)
  t.match(second, '"fields.message":"taken","fields.commit":"taken"')
})

t.test('without pino a line is the same bytes, and is written at once', async (t) => {
  const fields = { n: 1, nested: { a: [1, null] }, text: 'x\ny"\\\u2028', none: undefined }
  const withPino = logTo(t)
  await withPino.logger.ready()
  const without = logTo(t, {}, { usesPino: false })
  for (const { logger } of [withPino, without]) logger.info('a %s "b" \n\u001b é \ud800', fields)
  const path = without.path
  t.equal(readFileSync(path, 'utf8').split('\n').length, 2, 'nothing is held')
  t.strictSame(await without.lines(), await withPino.lines())
})

t.test('without pino a field that JSON cannot say costs no line', async (t) => {
  const { logger, lines } = logTo(t, {}, { usesPino: false })
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  logger.info('odd', { cycle, big: 1n, port: 8012 })
  t.match(parsed(await lines()), [{ message: 'odd', port: 8012, severity: 'INFO' }])
})

t.test('lines logged before pino is there keep their order and their time', async (t) => {
  let now = TIME
  const { logger, lines } = logTo(t, {}, { now: () => now++ })
  for (let i = 0; i < 5; i++) logger.info(`line ${i}`)
  await logger.ready()
  logger.info('line 5')
  const found = parsed(await lines())
  t.strictSame(
    found.map(({ message }) => message),
    [0, 1, 2, 3, 4, 5].map((i) => `line ${i}`),
  )
  t.strictSame(
    found.map(({ timestamp }) => (timestamp as string).slice(19)),
    [7, 8, 9, 10, 11, 12].map((ms) => `.0${String(ms).padStart(2, '0')}25Z`),
  )
})

t.test('when pino cannot be loaded, lines are written at once from then on', async (t) => {
  const path = join(import.meta.dirname, '../src/logger.ts')
  const script = `
    import { registerHooks } from 'node:module'
    registerHooks({
      resolve(name, context, next) {
        if (name === 'pino') throw new Error('not here')
        return next(name, context)
      },
    })
    const { createLogger } = await import(${JSON.stringify(path)})
    const logger = createLogger({ config: '', level: '', name: 'queueproxy', fields: {} })
    logger.info('one')
    await logger.ready()
    logger.info('two')
    process.kill(process.pid, 'SIGKILL')`
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000 })
  t.strictSame(
    parsed(stderr.toString().trim().split('\n')).map(({ message }) => message),
    ['one', 'pino could not be loaded; the log goes on without it', 'two'],
  )
})

t.test('lines of a process that ends at once are written', async (t) => {
  const script = join(import.meta.dirname, 'logger-process.ts')
  const { stderr, stdout, status } = spawnSync(process.execPath, [script], { timeout: 60_000 })
  t.equal(status, 1)
  t.equal(stdout.toString(), '')
  t.strictSame(
    parsed(stderr.toString().trim().split('\n')).map(({ message }) => message),
    ['starting', 'dying'],
  )
})

t.test('the level can be read and set while the log runs', async (t) => {
  const { logger, lines } = logTo(t, { level: 'WARN' })
  t.equal(logger.level, 'warn')
  logger.info('no')
  logger.level = 'debug'
  logger.debug('yes')
  t.strictSame(
    parsed(await lines()).map(({ message }) => message),
    ['yes'],
  )
  t.equal(logTo(t, { level: 'warn' }, { level: 'error' }).logger.level, 'error', 'the override wins')
  t.equal(logTo(t, { level: 'warn' }, { level: 'loud' }).logger.level, 'warn', 'one that is none is ignored')
})

t.test("Knative's sample configuration changes the keys and encoders", async (t) => {
  const encoderConfig = {
    timeKey: 'timestamp',
    levelKey: 'severity',
    nameKey: 'logger',
    callerKey: 'caller',
    messageKey: 'message',
    stacktraceKey: 'stacktrace',
    lineEnding: '',
    levelEncoder: '',
    timeEncoder: 'iso8601',
    durationEncoder: '',
    callerEncoder: '',
  }
  const { logger, lines } = logTo(t, {
    level: 'info',
    development: false,
    errorOutputPaths: ['stderr'],
    encoding: 'json',
    encoderConfig,
  })
  logger.info('x')
  t.strictSame(parsed(await lines()), [line('info', { message: 'x' }, '2026-11-21T04:05:06.007Z')])
})

t.test('every encoder of time and level is known', async (t) => {
  const times = {
    rfc3339: '2026-11-21T04:05:06Z',
    RFC3339Nano: '2026-11-21T04:05:06.00725Z',
    millis: TIME,
    nanos: 1795233906007250000,
    other: 1795233906.00725,
  }
  for (const [timeEncoder, timestamp] of Object.entries(times)) {
    const { logger, lines } = logTo(t, { encoderConfig: { timeEncoder } })
    logger.info('x')
    t.strictSame(parsed(await lines()), [line('INFO', { message: 'x' }, timestamp)], timeEncoder)
  }
  const levels = {
    capital: 'INFO',
    capitalColor: '\u001b[34mINFO\u001b[0m',
    color: '\u001b[34minfo\u001b[0m',
    x: 'info',
  }
  for (const [levelEncoder, severity] of Object.entries(levels)) {
    const { logger, lines } = logTo(t, { encoderConfig: { levelEncoder } })
    logger.info('x')
    t.strictSame(parsed(await lines()), [line(severity, { message: 'x' })], levelEncoder)
  }
})

t.test('the console encoding is one line per message, whatever stands in it', async (t) => {
  const { logger, lines } = logTo(
    t,
    { encoding: 'console', encoderConfig: { consoleSeparator: ' | ' } },
    { fields: {} },
  )
  logger.info('evil\nline', { a: 'b\nc' })
  t.strictSame(await lines(), [
    '2026-11-21T04:05:06.00725Z | INFO | queueproxy | evil\\u000aline | {"a":"b\\nc"}',
  ])
})

t.test('initial fields, renamed and dropped keys', async (t) => {
  const config = {
    initialFields: { region: 'x' },
    encoderConfig: { messageKey: 'msg', levelKey: 'l', timeKey: '', nameKey: '' },
  }
  const { logger, lines } = logTo(t, config, { fields: {} })
  logger.info('x')
  logger.flush()
  await logger.ready()
  logger.info('x')
  t.strictSame(await lines(), Array(2).fill('{"l":"INFO","region":"x","msg":"x"}'))
})

t.test('equal messages are thinned out: a hundred in a second, then every hundredth', async (t) => {
  let now = TIME
  const { logger, lines } = logTo(t, {}, { now: () => now })
  for (let i = 1; i <= 350; i++) logger.info('same', { i })
  logger.info('other')
  logger.warn('same')
  now += 1000
  logger.info('same', { i: 351 })
  const found = parsed(await lines())
  t.strictSame(
    found.filter(({ severity, message }) => severity === 'INFO' && message === 'same').map(({ i }) => i),
    [...Array.from({ length: 100 }, (_, i) => i + 1), 200, 300, 351],
  )
  t.equal(found.length, 105)
})

t.test('sampling can be changed and switched off', async (t) => {
  for (const [sampling, count] of [
    [null, 300],
    [{ initial: 2, thereafter: 0 }, 2],
    [{ Initial: 10 }, 12],
  ] as const) {
    const { logger, lines } = logTo(t, { sampling })
    for (let i = 0; i < 300; i++) logger.info('same')
    t.equal((await lines()).length, count, JSON.stringify(sampling))
  }
})

t.test('a bad configuration is reported by a log that works', async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{', /SERVING_LOGGING_CONFIG: .*JSON/],
    ['[]', /the config: expected an object, got \[\]/],
    ['{"level":5}', /level: expected a string, got 5/],
    ['{"level":"loud"}', /level: "loud" is no level; valid are debug, info/],
    ['{"encoding":"xml"}', /encoding: "xml" is no encoding; valid are json, console/],
    ['{"outputPaths":"x"}', /outputPaths: expected a list of strings, got "x"/],
    ['{"outputPaths":["/does/not/exist"]}', /outputPaths: ENOENT/],
    [
      '{"outputPaths":["http://x/"]}',
      /outputPaths: "http:\/\/x\/": valid are stdout, stderr, a path and file:\/\//,
    ],
    ['{"encoderConfig":{"timeKey":1}}', /encoderConfig\.timeKey: expected a string, got 1/],
    ['{"sampling":{"initial":"x"}}', /sampling\.initial: expected an integer, got "x"/],
  ]
  const script = join(import.meta.dirname, 'logger-process.ts')
  for (const [config, reason] of cases) {
    const { stderr } = spawnSync(process.execPath, [script], {
      env: { ...process.env, CONFIG: config },
      timeout: 60_000,
    })
    const [first, ...rest] = parsed(stderr.toString().trim().split('\n'))
    t.match(first, { severity: 'WARNING', logger: 'fallback-logger.queueproxy', error: reason }, config)
    t.equal(first['message'], 'Failed to parse logging config - using default zap production config')
    t.equal(rest.length, 2, 'and it goes on')
  }
})

t.test('what cannot be honoured is named', async (t) => {
  const { lines } = logTo(t, {
    development: true,
    typo: 1,
    errorOutputPaths: ['stdout'],
    encoderConfig: {
      functionKey: 'f',
      callerKey: 'c',
      callerEncoder: 'full',
      lineEnding: '\r\n',
      skipLineEnding: true,
      timeEncoder: { layout: 'x' },
      messageKey: '',
    },
  })
  const messages = parsed(await lines()).map(({ message }) => message)
  t.strictSame(messages, [
    'SERVING_LOGGING_CONFIG: development: true is not supported and has no effect',
    'SERVING_LOGGING_CONFIG: typo is unknown and ignored',
    'SERVING_LOGGING_CONFIG: errorOutputPaths is not supported: only stderr is',
    'SERVING_LOGGING_CONFIG: encoderConfig.functionKey: "f" is not supported and has no effect',
    'SERVING_LOGGING_CONFIG: encoderConfig.callerKey: "c" is not supported and has no effect',
    'SERVING_LOGGING_CONFIG: encoderConfig.callerEncoder: "full" is not supported and has no effect',
    'SERVING_LOGGING_CONFIG: encoderConfig.lineEnding: "\\r\\n" is not supported and has no effect',
    'SERVING_LOGGING_CONFIG: encoderConfig.skipLineEnding: true is not supported and has no effect',
    'SERVING_LOGGING_CONFIG: encoderConfig.timeEncoder: a layout is not supported; it stays rfc3339nano',
    'SERVING_LOGGING_CONFIG: encoderConfig.messageKey cannot be empty; it stays message',
  ])
})
