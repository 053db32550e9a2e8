import type { RevisionStatus, StatusReport } from '@pilotlight/telemetry'
import { plainText } from '../terminal/safe-text.ts'

/** What a revision is said to be: the lines are about changes of these. */
interface Known {
  readonly ready: number
  readonly wanted: number | null
  readonly trouble: string
}

/** Says in lines what changed between two reports: instances that there are and should be, and trouble. */
export class Changes {
  #known = new Map<string, Known>()
  #isFirst = true

  /** Takes the next report; answers its lines, none for the first one. */
  take({ revisions }: StatusReport): string[] {
    const known = new Map(revisions.map((revision) => [keyOf(revision), knownOf(revision)]))
    const lines = this.#isFirst ? [] : revisions.flatMap((revision) => this.#linesOf(revision))
    for (const [key] of this.#known) if (!known.has(key)) lines.push(`revision ${plainText(key)} is gone`)
    this.#known = known
    this.#isFirst = false
    return lines
  }

  #linesOf(revision: RevisionStatus): string[] {
    const key = keyOf(revision)
    const before = this.#known.get(key)
    const now = knownOf(revision)
    const name = plainText(key)
    const lines: string[] = []
    if (before === undefined) lines.push(`revision ${name} is there`)
    if (
      now.ready !== (before?.ready ?? 0) ||
      now.wanted !== (before === undefined ? now.wanted : before.wanted)
    )
      lines.push(scaleLine(name, before?.ready ?? 0, now))
    if (now.trouble !== (before?.trouble ?? '') && now.trouble !== '')
      lines.push(`revision ${name} is in trouble: ${plainText(now.trouble)}`)
    return lines
  }
}

function scaleLine(name: string, before: number, { ready, wanted }: Known): string {
  const count = before === ready ? `${ready} ready` : `${before} → ${ready} ready`
  return `scale of ${name}: ${count}${wanted === null ? '' : `, ${wanted} wanted`}`
}

function keyOf({ name, namespace }: RevisionStatus): string {
  return `${namespace}/${name}`
}

function knownOf({ instances, trouble, wanted }: RevisionStatus): Known {
  return { ready: instances.filter(({ state }) => state === 'ready').length, wanted, trouble }
}
