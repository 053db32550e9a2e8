import type { InstanceFacts } from '@pilotlight/platform'
import type { InstanceStatus, RevisionState } from '@pilotlight/telemetry'
import type { Instance } from '../balance/instance.ts'
import type { Revision } from '../revision.ts'

/** What a revision is doing. */
export function stateOf(revision: Revision): RevisionState {
  if (revision.isClosed) return 'ending'
  if (revision.slots.hasInstances) return 'ready'
  if (revision.trouble !== '') return 'trouble'
  return revision.line.length > 0 || isOnItsWay(revision) ? 'starting' : 'zero'
}

function isOnItsWay({ scaling }: Revision): boolean {
  if (scaling === null) return false
  return scaling.wanted > 0 || scaling.instances.some(({ state }) => state !== 'ending')
}

/**
 * The instances of a revision: those the platform tells of, oldest first, then those that are only known by their address. `now` is in
 * ms.
 */
export function instancesOf(revision: Revision, now: number): InstanceStatus[] {
  const { instances, scaling, spec } = revision
  const known = new Map(instances.map((instance) => [instance.address, instance]))
  const statuses: InstanceStatus[] = []
  for (const facts of scaling?.instances ?? []) {
    const instance = known.get(facts.address)
    known.delete(facts.address)
    statuses.push({
      name: facts.name,
      address: facts.address,
      state: stateOfInstance(facts.state, instance),
      running: instance?.running ?? 0,
      slots: slotsOf(spec.containerConcurrency, instance),
      ageMs: ageOf(facts, now),
    })
  }
  for (const instance of known.values())
    statuses.push({
      name: '',
      address: instance.address,
      state: stateOfInstance('ready', instance),
      running: instance.running,
      slots: slotsOf(spec.containerConcurrency, instance),
      ageMs: null,
    })
  return statuses
}

/** What was probed here may be known sooner than what the platform says. */
function stateOfInstance(
  told: InstanceFacts['state'],
  instance: Instance | undefined,
): InstanceStatus['state'] {
  if (instance === undefined || told === 'ending') return told
  return instance.isAvoided ? 'not-ready' : 'ready'
}

/** Without a limit an instance that is new has a capacity all the same: it is only paced by it. */
function slotsOf(containerConcurrency: number, instance: Instance | undefined): number {
  return containerConcurrency === 0 ? 0 : (instance?.capacity ?? containerConcurrency)
}

function ageOf({ startedAt }: InstanceFacts, now: number): number | null {
  return startedAt === null ? null : Math.max(0, Math.round(now - startedAt))
}
