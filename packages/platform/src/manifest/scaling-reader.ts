import {
  ANNOTATION_KEYS,
  type AutoscalerConfig,
  AUTOSCALING_PREFIX,
  readRevisionScaling,
  type RevisionScaling,
} from '@pilotlight/autoscaler'
import type { Section } from '../document/section.ts'
import type { Texts } from './metadata-reader.ts'
import { nearestName } from './nearest-name.ts'
import { complainOf } from './sentences.ts'
import type { Warnings } from './warnings.ts'

/** What the scaling of a revision follows from. */
export interface ScaledTemplate {
  readonly annotations: Texts
  readonly containerConcurrency: number
  readonly config: AutoscalerConfig
  /** Where contradictions of defaults are told. */
  readonly template: Section
  readonly warnings: Warnings
}

const KNOWN = new Set(Object.values(ANNOTATION_KEYS).flatMap(({ names }) => names))
const BURST_CAPACITY = ANNOTATION_KEYS['target-burst-capacity'].names

/** Reads the annotations of a template about its scaling. */
export function readScaling(from: ScaledTemplate): RevisionScaling {
  const { annotations, config, containerConcurrency, template, warnings } = from
  const known: [string, string][] = []
  for (const [name, item] of annotations.items) {
    const value = annotations.values[name]
    if (KNOWN.has(name)) known.push([name, value])
    else if (name.startsWith(AUTOSCALING_PREFIX)) {
      const nearest = nearestName(name.slice(AUTOSCALING_PREFIX.length), shortNames())
      warnings.noEffect(
        item,
        nearest === null ? 'the autoscaler knows none of this name' : `did you mean ${nearest}?`,
      )
    }
    // The one value that means the same: always in the path.
    if (BURST_CAPACITY.includes(name) && value !== '-1')
      warnings.noEffect(item, 'the activator is always in the path here')
  }
  const revision = { annotations: Object.fromEntries(known), containerConcurrency }
  const { scaling, problems } = readRevisionScaling(revision, config)
  for (const sentence of problems) complainOf(sentence, annotations.items, template)
  return scaling
}

/** Notes annotations about scaling where they count for nothing: at the Service instead of its template. */
export function refuseScaling({ items }: Texts): void {
  for (const [name, item] of items)
    if (name.startsWith(AUTOSCALING_PREFIX))
      item.complain('is at the Service: it must be one of spec.template.metadata.annotations to count')
}

function shortNames(): string[] {
  return [...KNOWN].map((name) => name.replace(AUTOSCALING_PREFIX, ''))
}
