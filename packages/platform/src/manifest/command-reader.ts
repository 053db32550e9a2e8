import type { Item, Section } from '../document/section.ts'
import { type ReferenceTexts, SHORT_RULE, shellText } from './reference-texts.ts'
import { readWords } from './words.ts'

/** What the command of a container is read with. */
export interface CommandScope {
  /** Name of the service, for a hint; empty when it has none. */
  readonly service: string
  /** A command line that counts instead; null when there is none, undefined where there can be none. */
  readonly line: string | null | undefined
  readonly texts: ReferenceTexts
}

/** Reads what a container runs. A container without a command is a problem. */
export function readCommand(
  container: Section,
  item: Item,
  { line, service, texts }: CommandScope,
): string[] {
  const image = container.get('image')
  const imageName = image?.text() ?? ''
  const commandItem = unlessEmpty(container.get('command'))
  const argsItem = container.get('args')
  const command = commandItem === null ? [] : take(commandItem, readWords(commandItem, true), texts)
  const args = argsItem === null ? [] : take(argsItem, readWords(argsItem, false), texts)
  // A shell runs a simple command in its own place, so that the process is the app; one of several parts it can run as well.
  if (typeof line === 'string') return ['sh', '-c', shellText(line)]
  if (commandItem !== null) return [...command, ...args]
  const mapped = `--command ${service === '' ? 'SERVICE' : service}='node server.js'`
  const valid = line === null ? `command must say what to run, or ${mapped}` : 'command must say what to run'
  if (image === null || imageName === '') item.complain(`has no command: ${valid}`)
  else image.complain(`is ${JSON.stringify(imageName)}, and images are not run here: ${valid}`)
  return []
}

/** An empty list is as good as none, as in Kubernetes. */
function unlessEmpty(item: Item | null): Item | null {
  return item?.kind === 'list' && item.list().length === 0 ? null : item
}

function take(item: Item, words: readonly string[], texts: ReferenceTexts): string[] {
  return words.map((word) => {
    const text = texts.take(word)
    if (text === null) item.complain(`has a text that is too long: each must be ${SHORT_RULE}`)
    return text ?? ''
  })
}
