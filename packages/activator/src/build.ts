import { ActivityReporter, Holding, policyNamed } from '@pilotlight/admission'
import { type Platform, type RevisionSpec, StaticPlatform } from '@pilotlight/platform'
import { monotonicNow, Relay } from '@pilotlight/relay'
import type { Logger } from '@pilotlight/telemetry'
import { Activator, type OpenPorts } from './activator.ts'
import { ActivityReports } from './activity-reports.ts'
import { PROXY_NAME } from './answers.ts'
import { connector } from './balance/connector.ts'
import type { Connect } from './balance/instance.ts'
import { FailureAnswers } from './failure-answers.ts'
import { Front } from './front.ts'
import { Health } from './health.ts'
import { Location } from './location.ts'
import { ProbeAnswers } from './probe-answers.ts'
import { EndpointWatch, type MeshMode, type WatchTarget } from './probing/endpoint-watch.ts'
import { ProbeCrowd, type ProbeMeans } from './probing/instance-probe.ts'
import { SidecarProbeClient } from './probing/probe-client.ts'
import { Retries } from './retries.ts'
import { clocksOf } from './revision-clocks.ts'
import { Revision } from './revision.ts'
import { Revisions } from './revisions.ts'
import { privateServiceName } from './routing/private-service.ts'
import type { ActivatorSettings } from './settings.ts'

/**
 * How long a client's connection may be idle, ms: as good as for ever, since Knative leaves it to the ingress before us. A deadline that is
 * put off costs a request less than none, which is taken away and set again.
 */
const CLIENT_IDLE_MS = 30 * 24 * 60 * 60 * 1000
const MIB = 1024 * 1024

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
  platform: Platform = createPlatform(settings, log),
): Promise<Activator> {
  const { hold } = settings
  const health = new Health()
  const holding = new Holding({ heldMax: hold.heldMax, heldBytesMax: hold.heldBytesMax }, hold.namespace)
  const reporter = new ActivityReporter<RevisionSpec>()
  const means: ProbeMeans = {
    client: new SidecarProbeClient(),
    pace: settings.probes,
    clock: CLOCK,
    crowd: new ProbeCrowd(),
  }

  // Revisions need the relay's endpoints, the relay needs the front, and the front needs the revisions.
  let front: Front
  let connect: Connect
  const revisions: Revisions = new Revisions(
    {
      createRevision: (spec) => {
        const target = watchTargetOf(spec, settings.meshMode)
        return new Revision(spec, {
          tenant: holding.tenant(spec.namespace),
          line: holding.tenant(spec.namespace).line({
            heldMax: hold.revisionHeldMax,
            heldBytesMax: hold.revisionHeldBytesMax,
            weightOf: (caller) => settings.callerWeights.get(caller) ?? 1,
          }),
          activity: reporter.revision(spec, () => reports.poke(spec)),
          clocks: clocksOf(spec, hold.queueMs),
          slots: {
            policy: (containerConcurrency) => policyNamed(settings.policy, containerConcurrency, Math.random),
            burst: settings.burst,
            connect,
            namespace: spec.namespace,
            clock: CLOCK,
          },
          passthroughHost: target.passthroughHost,
          watch: (owner) => new EndpointWatch(target, means, owner),
          dispatcher: front,
        })
      },
      onReconfigured: (revision, spec) => revision.reconfigure(spec, clocksOf(spec, hold.queueMs)),
      onGone: (revision) => {
        front.answerWaiting(revision)
        revision.close()
      },
      onTrouble: (revision, reason) => {
        revision.trouble = reason
        if (reason !== '' && !revision.slots.hasInstances) front.answerWaiting(revision)
      },
      onConnection: (isConnected, detail) => health.onConnection(isConnected, detail),
    },
    holding,
  )
  const reports = new ActivityReports(platform, reporter, revisions)
  front = new Front({
    probes: new ProbeAnswers(health, log),
    location: new Location(revisions, settings.clusterDomain),
    retries: new Retries(settings.attemptsMax),
    failures: new FailureAnswers(log),
    trusted: settings.trusted,
    callerSource: settings.callerSource,
    heedsPriority: settings.heedsPriority,
    holdBytes: hold.holdBytes,
    windowBytes: settings.windowBytes,
    wake: (revision) => platform.wake(revision.spec),
    observer: null,
  })
  const relay = await Relay.start(
    {
      listen: [
        { port: settings.ports.http },
        { port: settings.ports.h2c },
        ...(settings.ports.tls === null
          ? []
          : [{ port: settings.ports.tls.port, tls: settings.ports.tls.settings }]),
      ],
      proxyName: PROXY_NAME,
      connectionsMax: settings.connectionsMax,
      holdBytes: hold.holdBytes,
      keepAliveMs: CLIENT_IDLE_MS,
      windowBytes: settings.windowBytes,
      limits: { headBytes: MIB },
    },
    front,
    {
      onCertificate: () => log.info('Certificate and/or key have changed on disk and were reloaded.'),
      onCertificateProblem: (problem) => log.error(problem),
    },
  )
  connect = connector(
    relay,
    { idleMax: settings.idleConnectionsMax, idlePerHostMax: settings.idleConnectionsPerHostMax },
    settings.upstreamTls,
  )
  const open: OpenPorts = { main: relay }
  const activator = new Activator(settings, open, { holding, platform, revisions, reports, health }, log)
  try {
    await platform.start(revisions)
  } catch (error) {
    await activator.destroy()
    throw error
  }
  return activator
}

/** Through a mesh an instance is asked for by the name of its revision's private service (Knative). */
function watchTargetOf({ namespace, name }: RevisionSpec, mode: MeshMode): WatchTarget {
  return { mode, passthroughHost: mode === 'passthrough' ? `${privateServiceName(name)}.${namespace}` : '' }
}

function createPlatform(settings: ActivatorSettings, log: Logger): Platform {
  return new StaticPlatform({ file: settings.configFile, ownAddress: settings.podIp, log })
}
