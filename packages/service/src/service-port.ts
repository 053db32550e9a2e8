import { type Exchange, type ExchangeHandler, type RelayOptions, Relay } from '@pilotlight/relay'
import type { Answers } from './answers.ts'

/** Clients of these ports are few: a kubelet, autoscalers, whoever scrapes. */
const CONNECTIONS_MAX = 256
/** Time for one head, as Knative's servers allow. */
const HEAD_MS = 60_000
const KIB = 1024

/** Where such a port listens; every address of the machine when it does not say. */
export type ServiceListen = NonNullable<RelayOptions['listen']>[number]

/** Clocks of requests that ask us and not the app: they are answered when there is an answer. */
const NO_CLOCKS = { totalMs: 0 }

/**
 * A port that asks something of the service itself. It is a relay that forwards nothing, so that the same strict parser
 * and the same bounds guard it. `answer` is called for every request and has to answer it, now or later;
 * `proxyName` is the service's name in Proxy-Status.
 */
export async function openServicePort(
  listen: ServiceListen,
  proxyName: string,
  answer: (exchange: Exchange) => void,
): Promise<Relay> {
  const handler: ExchangeHandler = {
    onRequest: answer,
    onResponse() {},
    onFailure: () => false,
    onDone() {},
  }
  return await Relay.start(
    {
      listen: [listen],
      proxyName,
      connectionsMax: CONNECTIONS_MAX,
      headMs: HEAD_MS,
      // A scraper comes again every second or every minute: closing in between gains nothing.
      keepAliveMs: 0,
      holdBytes: 0,
      clocks: NO_CLOCKS,
      limits: { headBytes: 64 * KIB, targetBytes: 32 * KIB, headerCount: 256 },
    },
    handler,
  )
}

/** The port for profiles. What takes them is loaded only now. */
export async function openProfilingPort(listen: ServiceListen, answers: Answers): Promise<Relay> {
  const { ProfilingPort } = await import('./profiling-port.ts')
  const profiling = new ProfilingPort(answers)
  return await openServicePort(listen, answers.proxyName, (exchange) => profiling.answer(exchange))
}
