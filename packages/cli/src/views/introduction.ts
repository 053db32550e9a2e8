import type { StatusReport } from '@pilotlight/telemetry'
import type { ActivatorPorts } from '../activator/activator-process.ts'
import { plainText } from '../terminal/safe-text.ts'

/** What is said first: where services answer, where the page is, and how to end. `page` is null when there is none. */
export function introduction(report: StatusReport, ports: ActivatorPorts, page: string | null): string[] {
  const { revisions } = report
  const urls = urlsOf(report, ports.http1)
  const runs = revisions.some(({ instances, wanted }) => instances.length > 0 || (wanted ?? 0) > 0)
  return [
    ...urls,
    page === null ? `status: http://127.0.0.1:${ports.admin}/status` : `live page: ${page}`,
    runs ? 'instances are starting' : 'nothing runs yet: the first request starts an instance',
    'Ctrl-C ends everything',
  ]
}

function urlsOf({ revisions }: StatusReport, port: number): string[] {
  const services = new Map<string, string>()
  for (const { routes, service } of revisions) for (const { host } of routes) services.set(host, service)
  return [...services].map(([host, service]) => {
    const shown = host === '*' ? `localhost:${port}, and any other host` : `${plainText(host)}:${port}`
    return `${plainText(service)}: http://${shown}`
  })
}
