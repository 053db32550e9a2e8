import type { Item, Section } from '../document/section.ts'
import { endFields } from './known-fields.ts'
import type { AppPort } from './probe-action-reader.ts'
import type { Warnings } from './warnings.ts'

/** The port that a serving container declares, and what it speaks there. */
export interface DeclaredPort extends AppPort {
  readonly protocol: 'http1' | 'h2c'
}

/** Knative's, for a container that declares none. */
export const DEFAULT_PORT: DeclaredPort = { number: 8080, name: '', protocol: 'http1' }

const PORT = { min: 0, max: 65_535 }
/** Those of the sidecar in a pod. */
const RESERVED = new Set([8008, 8012, 8013, 8022, 8112, 9090, 9091])
const NAMES = ['http1', 'h2c', ''] as const
const KNOWN = { read: ['containerPort', 'name', 'protocol'], unused: {} }

/** Reads the `ports` of a container; null when it has none. */
export function readPorts(container: Section, warnings: Warnings): DeclaredPort | null {
  const item = container.get('ports')
  const members = item?.list() ?? []
  if (members.length > 1) item!.complain(`has ${members.length} ports: it must have one, which serves`)
  const ports = members.map((member) => readPort(member, warnings))
  return ports[0] ?? null
}

function readPort(item: Item, warnings: Warnings): DeclaredPort {
  const section = item.section()
  if (section === null) return DEFAULT_PORT
  const number = readNumber(section.get('containerPort'), warnings)
  const name = readName(section.get('name'))
  section.choice('protocol', ['TCP'], 'TCP')
  endFields(section, KNOWN, warnings)
  return {
    number: number === 0 ? DEFAULT_PORT.number : number,
    name,
    protocol: name === 'h2c' ? 'h2c' : 'http1',
  }
}

function readNumber(item: Item | null, warnings: Warnings): number {
  if (item === null) return 0
  const number = item.integer(PORT, '', 0)
  if (RESERVED.has(number))
    item.mustBe(`another port: ${[...RESERVED].join(', ')} are those of the queue-proxy`)
  else if (number > 0) warnings.noEffect(item, 'each instance has a free port, which its app gets as $PORT')
  return number
}

function readName(item: Item | null): (typeof NAMES)[number] {
  if (item === null) return ''
  const name = item.kind === 'text' ? NAMES.find((one) => one === item.text()) : undefined
  if (name === undefined) item.mustBe('http1 or h2c, or left out')
  return name ?? ''
}
