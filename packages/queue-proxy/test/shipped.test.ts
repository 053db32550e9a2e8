import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'

/** What `npm run build` made; `npm test` builds before. */
const bin = join(import.meta.dirname, '../dist/bin')
const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
  bin: Record<string, string>
}
const { node, modules } = JSON.parse(readFileSync(join(bin, 'made.json'), 'utf8')) as {
  node: string
  modules: Record<string, string[]>
}

const program = join(import.meta.dirname, '..', manifest.bin['queue-proxy'])
/** What its first line gives to Node. */
const flags = /^#!\/usr\/bin\/env -S node (.*)$/m.exec(readFileSync(program, 'utf8'))![1].split(' ')

const REPORT = join(import.meta.dirname, 'support/report-loaded.cjs')

interface Loaded {
  readonly builtins: readonly string[]
  readonly files: readonly string[]
}

class Shipped {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''

  constructor(env: Record<string, string>, nodeArgs: readonly string[]) {
    // tap has every Node that a test starts load parts of tap, by NODE_OPTIONS.
    const args = ['-u', 'NODE_OPTIONS', process.execPath, ...flags, ...nodeArgs, program]
    this.child = spawn('env', args, { stdio: ['ignore', 'pipe', 'pipe'], env })
    this.child.stdout!.on('data', (bytes) => (this.stdout += String(bytes)))
    this.child.stderr!.on('data', (bytes) => (this.stderr += String(bytes)))
  }

  /** The first match in what it printed. */
  async printed(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this[stream])
      if (found !== null) return found
      if (this.child.exitCode !== null) throw new Error(`it ended: ${this.stderr}`)
      await new Promise((resolve) => {
        this.child[stream]!.once('data', resolve)
        this.child.once('exit', resolve)
      })
    }
  }

  async ports(): Promise<Record<string, number>> {
    const [, ports] = await this.printed('stderr', /"ports":(\{[^}]*\})/)
    return JSON.parse(ports) as Record<string, number>
  }

  async loaded(): Promise<Loaded> {
    this.child.kill('SIGUSR2')
    const [line] = await this.printed('stdout', /^\{"builtins".*\}$/m)
    return JSON.parse(line) as Loaded
  }
}

function start(
  t: { teardown(end: () => void): void },
  env: Record<string, string>,
  nodeArgs: readonly string[] = [],
): Shipped {
  const variables = {
    CONTAINER_CONCURRENCY: '10',
    QUEUE_SERVING_PORT: '0',
    QUEUE_SERVING_TLS_PORT: '0',
    QUEUE_ADMIN_PORT: '0',
    QUEUE_METRICS_PORT: '0',
    METRICS_PROMETHEUS_PORT: '0',
    PROFILING_PORT: '0',
    USER_PORT: '1',
    REVISION_TIMEOUT_SECONDS: '60',
    SERVING_NAMESPACE: 'ns',
    SERVING_CONFIGURATION: 'config',
    SERVING_REVISION: 'revision',
    SERVING_POD: 'pod',
    SERVING_POD_IP: '10.0.0.1',
    SERVING_LOGGING_CONFIG: '',
    SERVING_LOGGING_LEVEL: 'info',
    SERVING_READINESS_PROBE: '{"tcpSocket":{"port":1}}',
    ...env,
  }
  const shipped = new Shipped(variables, nodeArgs)
  t.teardown(() => shipped.child.kill('SIGKILL'))
  return shipped
}

t.test('what the bin names relays a request', async (t) => {
  const app = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'))
  })
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  t.teardown(() => app.close())
  const { port } = app.address() as AddressInfo
  const shipped = start(t, { USER_PORT: String(port), QUEUE_APP_PROTOCOL: 'http1' })
  const { main } = await shipped.ports()
  const response = await fetch(`http://127.0.0.1:${main}/`)
  t.equal(response.status, 200)
  t.equal(await response.text(), 'hello')
})

t.test('a start that fails says why and exits with 1', async (t) => {
  const shipped = start(t, { CONTAINER_CONCURRENCY: 'many' })
  const code = await new Promise((resolve) => shipped.child.once('close', resolve))
  t.equal(code, 1)
  t.match(shipped.stderr, /CONTAINER_CONCURRENCY/i)
})

t.test('nothing is loaded that an idle sidecar does not need', async (t) => {
  const shipped = start(t, {}, ['--require', REPORT])
  await shipped.ports()
  const { builtins, files } = await shipped.loaded()
  // Without v8: queue-proxy.cjs loads it for its flag once the program has started, before or after we ask.
  const heavy = [
    'child_process',
    'cluster',
    'dgram',
    'dns',
    'http',
    'http2',
    'https',
    'tls',
    'crypto',
    'inspector',
    'perf_hooks',
    'worker_threads',
    'zlib',
  ]
  t.strictSame(
    heavy.filter((name) => builtins.includes(name)),
    [],
  )
  t.strictSame(files, ['report-loaded.cjs', 'queue-proxy.cjs'], 'and no library')
})

t.test('libraries are found when they are configured', async (t) => {
  const shipped = start(t, { OBSERVABILITY_CONFIG: '{"requestMetrics":{"protocol":"prometheus"}}' })
  const { metrics } = await shipped.ports()
  const page = await fetch(`http://127.0.0.1:${metrics}/metrics`)
  t.equal(page.status, 200)
  t.match(await page.text(), /^# TYPE /m)

  const endpoint = 'http://127.0.0.1:1'
  for (const protocol of ['grpc', 'http/protobuf']) {
    const pushing = start(t, {
      OBSERVABILITY_CONFIG: JSON.stringify({
        requestMetrics: { protocol, endpoint },
        tracing: { protocol, endpoint },
      }),
    })
    t.type((await pushing.ports())['main'], 'number', protocol)
  }
})

t.test('the program holds no library, and each library stands in its own file', async (t) => {
  const outside = (file: string): string[] => modules[file].filter((path) => path.includes('node_modules/'))
  t.strictSame(outside('program.cjs'), [])
  t.ok(outside('prom-client.cjs').some((path) => path.includes('node_modules/prom-client/')))
  t.ok(outside('opentelemetry.cjs').some((path) => path.includes('node_modules/@grpc/grpc-js/')))
})

t.test(
  'the code that V8 compiled at build time is taken by the same Node, and no other needs it',
  async (t) => {
    const [name] = /program-[0-9a-f]+/.exec(readFileSync(program, 'utf8'))!
    const [filename, cache] = [join(bin, `${name}.cjs`), join(bin, `${name}.cache`)]
    // In a process with the flags of the program: they are a part of what the code was compiled for.
    const code = `
      const cachedData = fs.readFileSync(process.argv[2])
      const script = new vm.Script(fs.readFileSync(process.argv[1], 'latin1'), { filename: process.argv[1], cachedData })
      script.cachedDataRejected + ' ' + typeof script.runInThisContext()`
    const args = [...flags, '-p', code, filename, cache]
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env: {} })
    if (process.version === node) t.equal(stdout.trim(), 'false function')
    else t.match(stdout, /function$/m)
  },
)
