import type { Section } from '../document/section.ts'
import type { ClusterDefaults } from './cluster-defaults.ts'
import { endFields } from './known-fields.ts'
import type { ContainerLimits } from './manifest-set.ts'
import { CPU_RULE, cpuOf, MEMORY_RULE, memoryOf, readQuantity } from './quantity.ts'
import { UNUSED_RESOURCES } from './unused-fields.ts'
import type { Warnings } from './warnings.ts'

/** Reads the `resources` of a container. What it does not say is as in `config-defaults`. */
export function readLimits(container: Section, usual: ClusterDefaults, warnings: Warnings): ContainerLimits {
  const resources = container.section('resources')
  const limits = resources?.section('limits') ?? null
  const cpu = limits?.get('cpu') ?? null
  const memory = limits?.get('memory') ?? null
  for (const [name, item] of limits?.entries() ?? [])
    if (name !== 'cpu' && name !== 'memory' && item.kind !== 'empty')
      warnings.noEffect(item, 'only cpu and memory are limited here')
  if (resources !== null) endFields(resources, { read: ['limits'], unused: UNUSED_RESOURCES }, warnings)
  return {
    cpu: cpu === null ? usual.cpu : readQuantity(cpu, cpuOf, CPU_RULE),
    memoryBytes: memory === null ? usual.memoryBytes : readQuantity(memory, memoryOf, MEMORY_RULE),
  }
}
