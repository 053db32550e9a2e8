/** What metrics cost the activator per request. */
import { metricsPart } from '../hot-path/metrics-cost.ts'
import type { Part } from '../question/part.ts'
import { ServedInstance } from './served-instance.ts'
import type { Setup } from './setup.ts'

/** CPU per request with metrics and without. */
export const activatorMetricsPart: Part<Setup> = metricsPart(async ({ activator, cores, scratch }) => {
  const instance = await ServedInstance.start(cores.origin)
  const subject = {
    start: (hasMetrics: boolean) =>
      activator.start({ revisions: [instance.revision], cores: cores.proxy, scratch, hasMetrics }),
    count: () => instance.count(),
    loadCores: cores.load,
  }
  return { subject, stop: () => instance.stop() }
})
