import { readdirSync, readFileSync } from 'node:fs'
import { CounterFamily, type FamilyDescription, GaugeFamily } from './metric-family.ts'
import { EventLoopDelay } from '../latency/event-loop-delay.ts'
import type { MetricRegistry } from './metric-registry.ts'

/** What the kernel prints for no limit; Prometheus' client for Go reports 2^64 - 1 then. */
const UNLIMITED = 2 ** 64

/** Where the kernel tells about this process; not on every system. */
const PROC = '/proc/self'

/** Place of the virtual memory size in /proc/self/stat behind the name of the command (field 23 of proc(5)). */
const STAT_VSIZE = 20

/**
 * Registers the metrics of the process: `process_*` as Prometheus' client for Go names them, and `nodejs_*` in place of
 * its `go_*`. They are read when they are collected, and until then there is no timer; what the system does not tell is
 * left out. Answers a function that ends the timer.
 */
export function addProcessMetrics(registry: MetricRegistry): () => void {
  const delay = new EventLoopDelay()
  const refreshers = [
    addEventLoopDelay(registry, delay),
    addCpuAndTimes(registry),
    addMemory(registry),
    addFiles(registry),
    addNetwork(registry),
    addNode(registry),
  ]
  registry.beforeCollection(() => {
    for (const refresh of refreshers) refresh()
  })
  return () => delay.stop()
}

/** Since the last collection: two that collect in turn each see what is new since the other. */
function addEventLoopDelay(registry: MetricRegistry, delay: EventLoopDelay): () => void {
  const figures = (['p50', 'p99', 'max'] as const).map((figure) => {
    const what =
      figure === 'max' ? 'Longest delay' : `${figure === 'p50' ? 'Median' : '99th percentile'} of the delays`
    const name = `nodejs.eventloop.delay.${figure}`
    const text = `${what} of the event loop since the last collection, in seconds.`
    const family = gauge(registry, name, `nodejs_eventloop_delay_${figure}_seconds`, 's', text)
    return { figure, series: family.with() }
  })
  return () => {
    const now = delay.read(performance.now())
    for (const { figure, series } of figures) series.set(now[figure] / 1000)
  }
}

function addCpuAndTimes(registry: MetricRegistry): () => void {
  const cpu = counter(
    registry,
    'process.cpu.time',
    'process_cpu_seconds_total',
    's',
    'Total user and system CPU time spent in seconds.',
  )
  const start = gauge(
    registry,
    'process.start_time',
    'process_start_time_seconds',
    's',
    'Start time of the process since unix epoch in seconds.',
  )
  start.with().set(performance.timeOrigin / 1000)
  return () => {
    const { user, system } = process.cpuUsage()
    cpu.with().setTotal((user + system) / 1e6)
  }
}

function addMemory(registry: MetricRegistry): () => void {
  const resident = gauge(
    registry,
    'process.memory.usage',
    'process_resident_memory_bytes',
    'By',
    'Resident memory size in bytes.',
  )
  const virtual = gauge(
    registry,
    'process.memory.virtual',
    'process_virtual_memory_bytes',
    'By',
    'Virtual memory size in bytes.',
  )
  const virtualMax = gauge(
    registry,
    'process.memory.virtual.limit',
    'process_virtual_memory_max_bytes',
    'By',
    'Maximum amount of virtual memory available in bytes.',
  )
  virtualMax.with().set(limitOf('Max address space'))
  return () => {
    resident.with().set(process.memoryUsage.rss())
    virtual.with().set(virtualBytes())
  }
}

function addFiles(registry: MetricRegistry): () => void {
  const open = gauge(
    registry,
    'process.open_file_descriptor.count',
    'process_open_fds',
    '{file_descriptor}',
    'Number of open file descriptors.',
  )
  const max = gauge(
    registry,
    'process.open_file_descriptor.limit',
    'process_max_fds',
    '{file_descriptor}',
    'Maximum number of open file descriptors.',
  )
  max.with().set(limitOf('Max open files'))
  return () => {
    open.with().set(openFiles())
  }
}

function addNetwork(registry: MetricRegistry): () => void {
  const received = counter(
    registry,
    'process.network.receive',
    'process_network_receive_bytes_total',
    'By',
    'Number of bytes received by the process over the network.',
  )
  const sent = counter(
    registry,
    'process.network.transmit',
    'process_network_transmit_bytes_total',
    'By',
    'Number of bytes sent by the process over the network.',
  )
  return () => {
    const [inOctets, outOctets] = networkBytes()
    received.with().setTotal(inOctets)
    sent.with().setTotal(outOctets)
  }
}

function addNode(registry: MetricRegistry): () => void {
  const total = gauge(
    registry,
    'nodejs.heap.total',
    'nodejs_heap_size_total_bytes',
    'By',
    'Size of the JavaScript heap in bytes.',
  )
  const used = gauge(
    registry,
    'nodejs.heap.used',
    'nodejs_heap_size_used_bytes',
    'By',
    'Used part of the JavaScript heap in bytes.',
  )
  const external = gauge(
    registry,
    'nodejs.external_memory',
    'nodejs_external_memory_bytes',
    'By',
    'Memory of buffers and other objects outside the JavaScript heap in bytes.',
  )
  const loop = counter(
    registry,
    'nodejs.eventloop.time',
    'nodejs_eventloop_time_seconds_total',
    's',
    'Time the event loop was active, and idle, in seconds.',
    ['nodejs.eventloop.state'],
  )
  const version = gauge(registry, 'nodejs.version', 'nodejs_version_info', '1', 'Version of Node.', [
    'version',
  ])
  version.with(process.version).set(1)
  return () => {
    const memory = process.memoryUsage()
    total.with().set(memory.heapTotal)
    used.with().set(memory.heapUsed)
    external.with().set(memory.external)
    const { active, idle } = performance.eventLoopUtilization()
    loop.with('active').setTotal(active / 1000)
    loop.with('idle').setTotal(idle / 1000)
  }
}

function openFiles(): number {
  try {
    // The directory itself is open while it is read.
    return readdirSync(`${PROC}/fd`).length - 1
  } catch {
    return Number.NaN
  }
}

function virtualBytes(): number {
  const stat = textOf(`${PROC}/stat`)
  // The name of the command may hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return stat === '' ? Number.NaN : Number(fields[STAT_VSIZE])
}

/** The soft limit of a row of /proc/self/limits. */
function limitOf(row: string): number {
  const line = textOf(`${PROC}/limits`)
    .split('\n')
    .find((one) => one.startsWith(row))
  if (line === undefined) return Number.NaN
  const soft = line.slice(row.length).trim().split(/\s+/, 1)[0]
  return soft === 'unlimited' ? UNLIMITED : Number(soft)
}

/** Bytes of IP received and sent in this network namespace, which is the Pod's. */
function networkBytes(): [received: number, sent: number] {
  const rows = textOf(`${PROC}/net/netstat`)
    .split('\n')
    .filter((line) => line.startsWith('IpExt:'))
    .map((line) => line.split(' '))
  if (rows.length < 2) return [Number.NaN, Number.NaN]
  const [names, values] = rows
  const valueOf = (name: string): number => Number(values[names.indexOf(name)])
  return [valueOf('InOctets'), valueOf('OutOctets')]
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

function gauge(
  registry: MetricRegistry,
  ...[name, prometheusName, unit, text, attributes]: Words
): GaugeFamily {
  return registry.add(new GaugeFamily(describe(name, prometheusName, unit, text, attributes)))
}

function counter(
  registry: MetricRegistry,
  ...[name, prometheusName, unit, text, attributes]: Words
): CounterFamily {
  return registry.add(new CounterFamily(describe(name, prometheusName, unit, text, attributes)))
}

type Words = [
  name: string,
  prometheusName: string,
  unit: string,
  text: string,
  attributes?: readonly string[],
]

function describe(...[name, prometheusName, unit, description, attributes = []]: Words): FamilyDescription {
  return { name, prometheusName, unit, description, attributes, scope: null }
}
