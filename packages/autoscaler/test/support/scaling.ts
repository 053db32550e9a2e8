import { readAutoscalerConfig } from '../../src/autoscaler-config.ts'
import { readRevisionScaling, type RevisionScaling } from '../../src/revision-scaling.ts'

const { config } = readAutoscalerConfig()
const { scaling } = readRevisionScaling({ annotations: {}, containerConcurrency: 0 }, config)

/** Settings as they are by default, but for these. */
export function scalingWith(changes: Partial<RevisionScaling> = {}): RevisionScaling {
  return { ...scaling, ...changes }
}
