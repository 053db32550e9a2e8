import type { Item } from '../document/section.ts'
import { endFields } from './known-fields.ts'
import { readText } from './words.ts'
import { type ReferenceTexts, SHORT_RULE } from './reference-texts.ts'
import type { Warnings } from './warnings.ts'

type Variable = readonly [name: string, value: string]

const RESERVED = ['K_SERVICE', 'K_CONFIGURATION', 'K_REVISION']
/** What Kubernetes takes: printable ASCII without an equals sign. */
const NAME = /^[\u0020-\u003c\u003e-\u007e]+$/
const NAME_RULE = 'a name of printable ASCII without ='
const KNOWN = { read: ['name', 'value', 'valueFrom'], unused: {} }
const HINT = 'there is no cluster that has it: give a value here'

/** What variables of a container are read with. */
export interface EnvScope {
  /** Whether it is the serving one, whose `PORT` is set by the platform. */
  readonly isServing: boolean
  /** Where the variables are known from then on. */
  readonly texts: ReferenceTexts
  readonly warnings: Warnings
}

/** Reads the `env` of a container. */
export function readEnv(items: readonly Item[], scope: EnvScope): Variable[] {
  const lines = new Map<string, number>()
  return items.flatMap((item) => {
    const variable = readVariable(item, scope)
    if (variable === null) return []
    const line = lines.get(variable[0])
    if (line !== undefined)
      scope.warnings.add(
        item,
        `sets ${JSON.stringify(variable[0])} again: what line ${line} says has no effect`,
      )
    lines.set(variable[0], item.line)
    return [variable]
  })
}

/** Notes that variables come from somewhere else. */
export function refuseEnvFrom(item: Item | null): void {
  if (item === null) return
  for (const one of item.list()) one.complain(`cannot be looked up: ${HINT}, one by one in env`)
}

function readVariable(item: Item, { isServing, texts, warnings }: EnvScope): Variable | null {
  const section = item.section()
  if (section === null) return null
  const name = readName(section.required('name', NAME_RULE), isServing)
  const valueItem = section.get('value')
  const value = valueItem === null ? '' : readText(valueItem)
  const from = section.get('valueFrom')
  if (from !== null) refuseValueFrom(from)
  endFields(section, KNOWN, warnings)
  if (name === '') return null
  const text = texts.define(name, value)
  if (text === null) valueItem!.complain(`is too long: it must be ${SHORT_RULE}`)
  return [name, text ?? '']
}

function refuseValueFrom(item: Item): void {
  const section = item.section()
  if (section === null) return
  const kinds = section.entries().map(([name]) => name)
  item.complain(`${kinds.length === 0 ? 'is empty' : `is a ${kinds.join(', ')}`}: ${HINT}`)
}

function readName(item: Item | null, isServing: boolean): string {
  const name = item?.text() ?? ''
  if (item?.kind !== 'text') return ''
  const reserved = isServing ? ['PORT', ...RESERVED] : RESERVED
  if (!NAME.test(name)) item.mustBe(NAME_RULE)
  else if (reserved.includes(name))
    item.mustBe(`another name: ${reserved.join(', ')} are set by the platform`)
  else return name
  return ''
}
