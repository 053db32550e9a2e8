import { ActivityReporter, Holding } from '@pilotlight/admission'
import { loadLocalPlatform, type Platform, type RevisionSpec, StaticPlatform } from '@pilotlight/platform'
import { monotonicNow, Relay } from '@pilotlight/relay'
import { openProfilingPort } from '@pilotlight/service'
import type { Logger } from '@pilotlight/telemetry'
import { randomBytes } from 'node:crypto'
import { Activator, type OpenPorts } from './activator.ts'
import type { Admin, AdminParts } from './admin/admin.ts'
import type { AdminSettings } from './admin/admin-settings.ts'
import { ActivityReports } from './activity-reports.ts'
import { answers, PROXY_NAME } from './answers.ts'
import { connector } from './balance/connector.ts'
import { ColdStarts } from './cold-starts/cold-starts.ts'
import { RequestIds } from './cold-starts/request-ids.ts'
import { ResponseFields } from './cold-starts/response-fields.ts'
import { FailureAnswers } from './failure-answers.ts'
import { Front } from './front.ts'
import { Health } from './health.ts'
import { Location } from './location.ts'
import type { ActivatorMetrics } from './observability/activator-metrics.ts'
import type { Observability } from './observability/observability.ts'
import { joinObservers } from './observers.ts'
import { ProbeAnswers } from './probe-answers.ts'
import { ProbeCrowd } from './probing/instance-probe.ts'
import { SidecarProbeClient } from './probing/probe-client.ts'
import { Retries } from './retries.ts'
import type { Revision } from './revision.ts'
import { RevisionLifecycle } from './revision-lifecycle.ts'
import { Revisions } from './revisions.ts'
import type { ActivatorSettings } from './settings.ts'

/**
 * How long a client's connection may be idle, ms: as good as for ever, since Knative leaves it to the ingress before us. A deadline that is
 * put off costs a request less than none, which is taken away and set again.
 */
const CLIENT_IDLE_MS = 30 * 24 * 60 * 60 * 1000
const MIB = 1024 * 1024
/** With these the code that was compiled for the queue-proxy counts: docs/decisions/0017, 0024. */
const QUEUE_PROXY_FLAGS = ['--max-semi-space-size=1']

/** Time for everything that waits for some; it keeps no process alive. */
const CLOCK = {
  now: monotonicNow,
  after(ms: number, then: () => void): () => void {
    const timer = setTimeout(then, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/**
 * The whole activator on one screen: every part is made here and handed to those that need it. `main`, tests and benchmarks all start it by
 * this, and may bring a platform of their own. Rejects with an error whose message names every problem, one per line, when a port cannot be opened or the platform cannot start.
 */
export async function build(
  settings: ActivatorSettings,
  log: Logger,
  own: Platform | null = null,
): Promise<Activator> {
  const platform = own ?? (await createPlatform(settings, log))
  const { hold } = settings
  const health = new Health()
  const holding = new Holding({ heldMax: hold.heldMax, heldBytesMax: hold.heldBytesMax }, hold.namespace)
  const reporter = new ActivityReporter<RevisionSpec>()
  let observability: Observability | null = null
  const lifecycle = new RevisionLifecycle({
    holding,
    hold,
    callerWeights: settings.callerWeights,
    policy: settings.policy,
    burst: settings.burst,
    meshMode: settings.meshMode,
    probing: {
      client: new SidecarProbeClient(),
      pace: settings.probes,
      clock: CLOCK,
      crowd: new ProbeCrowd(),
    },
    clock: CLOCK,
    reporter,
    health,
    onFirst: (spec) => reports.poke(spec),
    onConnection: (isConnected) => observability?.metrics?.onConnection(isConnected),
  })
  const revisions = new Revisions(lifecycle, holding)
  observability = await startObservability(settings, revisions, log)
  const metrics = observability?.metrics ?? null
  const prefix = processPrefix()
  const ids = new RequestIds(settings.told.requestIds, prefix)
  const coldStarts = new ColdStarts({
    ids,
    log,
    prefix,
    clock: { now: monotonicNow, wall: Date.now },
    measure: metrics === null ? null : (revision, record) => metrics.onColdStart(revision, record),
  })
  const admin = await createAdmin(settings.admin, {
    platform: platform.name,
    revisions,
    holding,
    health,
    coldStarts,
  })
  const wake = (revision: Revision): void => {
    metrics?.onWake(revision)
    coldStarts.onWake(revision)
    platform.wake(revision.spec)
  }
  const reports = new ActivityReports(platform, reporter, revisions, wake, metrics)
  const told = new ResponseFields(ids, settings.told.hasServerTiming)
  const front = new Front({
    probes: new ProbeAnswers(health, log),
    location: new Location(revisions, settings.clusterDomain),
    retries: new Retries(settings.attemptsMax),
    failures: new FailureAnswers(log, told),
    ids,
    told,
    trusted: settings.trusted,
    callerSource: settings.callerSource,
    heedsPriority: settings.heedsPriority,
    holdBytes: hold.holdBytes,
    windowBytes: settings.windowBytes,
    wake,
    // Cold starts first: others tell of what they know.
    observer: joinObservers(
      [coldStarts, observability?.observer, admin?.observer].filter((one) => one != null),
    ),
  })
  lifecycle.front = front

  const open: OpenPorts = {}
  const parts = { holding, platform, revisions, reports, health, observability, admin }
  const activator = new Activator(settings, open, parts, log)
  try {
    // First, so that a port that is taken is said before anything was started.
    await admin?.open()
    // What the platform knows comes before the first request, which could not be told where to go without it.
    await platform.start(revisions)
    const relay = await openMain(settings, front, metrics, log)
    open.main = relay
    lifecycle.connect = connector(
      relay,
      { idleMax: settings.idleConnectionsMax, idlePerHostMax: settings.idleConnectionsPerHostMax },
      settings.upstreamTls,
    )
    const scrape = (await observability?.openPort(log)) ?? null
    if (scrape !== null) open.metrics = scrape
    if (settings.observability.isProfiling)
      open.profiling = await openProfilingPort(
        { host: settings.ports.host, port: settings.ports.profiling },
        answers,
      )
  } catch (error) {
    await activator.destroy()
    throw error
  }
  return activator
}

function openMain(
  settings: ActivatorSettings,
  front: Front,
  metrics: ActivatorMetrics | null,
  log: Logger,
): Promise<Relay> {
  const { host, http, h2c, tls } = settings.ports
  return Relay.start(
    {
      listen: [
        { host, port: http },
        { host, port: h2c },
        ...(tls === null ? [] : [{ host, port: tls.port, tls: tls.settings }]),
      ],
      proxyName: PROXY_NAME,
      connectionsMax: settings.connectionsMax,
      holdBytes: settings.hold.holdBytes,
      keepAliveMs: CLIENT_IDLE_MS,
      windowBytes: settings.windowBytes,
      limits: { headBytes: MIB },
    },
    front,
    {
      onCertificate: () => log.info('Certificate and/or key have changed on disk and were reloaded.'),
      onCertificateProblem: (problem) => log.error(problem),
      onRefusal: () => metrics?.count('malformed'),
      onConnectionRefused: () => metrics?.count('connections'),
    },
  )
}

/** What no other process names its requests and cold starts by. */
function processPrefix(): string {
  return randomBytes(8).toString('hex')
}

/** Null when nothing of it is configured: then it is not even loaded. */
async function startObservability(
  settings: ActivatorSettings,
  revisions: Revisions,
  log: Logger,
): Promise<Observability | null> {
  const { metrics, tracing, requestLog } = settings.observability
  if (metrics === null && tracing === null && !requestLog.isEnabled) return null
  const { Observability } = await import('./observability/observability.ts')
  return await Observability.start(settings, revisions, log)
}

/** Null when no port for it is configured: then it is not even loaded. */
async function createAdmin(settings: AdminSettings | null, parts: AdminParts): Promise<Admin | null> {
  if (settings === null) return null
  const { Admin } = await import('./admin/admin.ts')
  return new Admin(settings, parts)
}

async function createPlatform(settings: ActivatorSettings, log: Logger): Promise<Platform> {
  const { configFile, local, podIp } = settings
  if (local === null) return new StaticPlatform({ file: configFile, ownAddress: podIp, log })
  const { commands, instancesMax, manifests, queueProxy, sidecarObservability } = local
  return await loadLocalPlatform({
    manifests,
    commands,
    queueProxy: [...QUEUE_PROXY_FLAGS, queueProxy],
    sidecarEnv: { OBSERVABILITY_CONFIG: sidecarObservability },
    instancesMax,
    log,
    output: process.stdout,
    input: process.stdin,
    env: process.env,
  })
}
