/** Finds the first place where llhttp and we read the same bytes differently. */
import type { OracleMessage, OracleReading } from './llhttp.ts'
import type { Message, Reading } from './message-reader.ts'

/** One disagreement. */
export interface Difference {
  /**
   * `ours-only`: we accept a message that llhttp does not; `theirs-only`: the reverse; anything else names what both
   * read differently in the message.
   */
  readonly kind:
    'ours-only' | 'theirs-only' | 'head' | 'body' | 'trailers' | 'ours-complete' | 'theirs-complete' | 'end'
  readonly input: string
  readonly ours: Reading
  readonly theirs: OracleReading
  /** The message as we read it, when we did. */
  readonly ourMessage: Message | undefined
  /** The message as llhttp read it, when it did. */
  readonly theirMessage: OracleMessage | undefined
}

/** The first difference, or undefined when both read the same. */
export function firstDifference(input: Buffer, ours: Reading, theirs: OracleReading): Difference | undefined {
  const count = Math.max(ours.messages.length, theirs.messages.length)
  for (let i = 0; i < count; i++) {
    const ourMessage = ours.messages[i]
    const theirMessage = theirs.messages[i]
    const kind = messageDifference(ourMessage, theirMessage)
    if (kind !== undefined)
      return { kind, input: input.toString('latin1'), ours, theirs, ourMessage, theirMessage }
  }
  const isIncomplete =
    ours.end.startsWith('incomplete') ||
    theirs.end === 'ECONNRESET' ||
    theirs.messages.at(-1)?.isComplete === false
  if (isIncomplete || isRefused(theirs) === isRefusedByUs(ours)) return undefined
  const last = { ourMessage: ours.messages.at(-1), theirMessage: theirs.messages.at(-1) }
  return { kind: 'end', input: input.toString('latin1'), ours, theirs, ...last }
}

/** Whether llhttp refused; ECONNRESET is how node:http says that nothing more came. */
const isRefused = (theirs: OracleReading): boolean => theirs.end.startsWith('HPE_')

/** Whether we refused, or left bytes unread that are no other protocol. */
const isRefusedByUs = (ours: Reading): boolean => ours.refusal !== 0 || /^(closed|answered),/.test(ours.end)

function messageDifference(
  ours: Message | undefined,
  theirs: OracleMessage | undefined,
): Difference['kind'] | undefined {
  if (theirs === undefined) return 'ours-only'
  if (ours === undefined) return 'theirs-only'
  if (headOf(ours) !== headOfTheirs(theirs)) return 'head'
  if (ours.isComplete !== theirs.isComplete) return ours.isComplete ? 'ours-complete' : 'theirs-complete'
  // How much of a body that never ends was handed over before the end was seen is no difference.
  const isSame = ours.isComplete
    ? ours.body === theirs.body
    : ours.body.startsWith(theirs.body) || theirs.body.startsWith(ours.body)
  if (!isSame) return 'body'
  return ours.isComplete && JSON.stringify(ours.trailerFields) !== JSON.stringify(theirs.trailerFields)
    ? 'trailers'
    : undefined
}

const headOf = (message: Message): string =>
  JSON.stringify([message.method, message.rawTarget, message.status, message.version / 10, message.fields])

const headOfTheirs = (message: OracleMessage): string =>
  JSON.stringify([message.method, message.target, message.status, Number(message.version), message.fields])
