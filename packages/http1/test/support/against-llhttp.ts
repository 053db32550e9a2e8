/** Runs inputs against llhttp and sorts what differs into the classes of llhttp-differences.ts. */
import { classOf, DIFFERENCES } from '../llhttp-differences.ts'
import { firstDifference } from './compare.ts'
import { escaped } from './escapes.ts'
import type { OracleReading } from './llhttp.ts'
import type { Message, Reading } from './message-reader.ts'

/** What came out of many inputs. */
export class Verdicts {
  readonly counts: Map<string, number> = new Map()
  /** Differences that no class explains. */
  readonly unexplained: string[] = []
  inputs = 0
  accepted = 0

  /** Compares one input; `name` says where it came from. */
  judge(name: string, input: Buffer, ours: Reading, theirs: OracleReading): void {
    this.inputs++
    if (ours.messages.some((message) => message.isComplete)) this.accepted++
    const difference = firstDifference(input, ours, theirs)
    if (difference === undefined) return
    const found = classOf(difference)
    if (found === undefined) {
      this.unexplained.push(
        `${name} (${difference.kind}; ours: ${ours.end}; llhttp: ${theirs.end || 'no error'})\n  ${escaped(difference.input)}` +
          `\n  ours: ${JSON.stringify(difference.ourMessage)}\n  llhttp: ${JSON.stringify(difference.theirMessage)}`,
      )
    } else {
      this.counts.set(found.name, (this.counts.get(found.name) ?? 0) + 1)
    }
  }

  /** How much was compared, one line per class that was met, and the first differences that none explains. */
  report(): string[] {
    const lines = [`${this.inputs} inputs, ${this.accepted} with a message that we accept`]
    for (const { name, we } of DIFFERENCES) {
      const count = this.counts.get(name)
      if (count !== undefined) lines.push(`${we} ${String(count).padStart(6)}  ${name}`)
    }
    return [...lines, ...this.unexplained.slice(0, 10)]
  }
}

/** A complete message as it is sent on: what is forwarded, and the body in the framing that the head announces. */
export function sentOn(message: Message): Buffer {
  const isChunked = /\r\ntransfer-encoding: chunked\r\n/i.test(message.forwarded)
  let body = message.body
  if (isChunked) {
    const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`
    body = `${chunk}0\r\n${message.trailerLines}\r\n`
  }
  return Buffer.from(message.forwarded + body, 'latin1')
}
