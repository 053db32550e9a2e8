import { expandReferences } from './expand-references.ts'

/** What only an instance knows: its references stay until it starts. */
const OF_INSTANCE = new Set(['PORT', 'K_SERVICE', 'K_CONFIGURATION', 'K_REVISION'])
/** Longest text that a process can get as an argument or in its environment (Linux), bytes with the 0 at its end. */
const TEXT_BYTES_MAX = 131_072

/** What is valid where {@link ReferenceTexts.take} answers null. */
export const SHORT_RULE: string = `shorter than ${TEXT_BYTES_MAX} bytes with what its references stand for`

/**
 * Texts with references `$(NAME)` to variables that stand before them. References to what only an instance knows are left over, and all
 * other dollars are written so that {@link expandReferences} leaves them alone when the instance starts.
 */
export class ReferenceTexts {
  /** Texts in which every `$` that is no such reference is doubled. */
  readonly #doubled = new Map<string, string>()

  /** Gives a variable its value, which later texts can refer to. Answers as {@link take}. */
  define(name: string, text: string): string | null {
    const doubled = this.#double(text)
    this.#doubled.set(name, doubled ?? '')
    return doubled === null ? null : shortest(doubled)
  }

  /** The text for an instance, or null when it is too long. */
  take(text: string): string | null {
    const doubled = this.#double(text)
    return doubled === null ? null : shortest(doubled)
  }

  #double(text: string): string | null {
    // Ahead of the work: a few lines of references to references can stand for billions of characters.
    let added = 0
    expandReferences(text, (name) => {
      added += this.#doubled.get(name)?.length ?? 0
      return undefined
    })
    if (text.length + added > 2 * TEXT_BYTES_MAX) return null
    const parts: string[] = []
    let end = 0
    for (const match of text.matchAll(/\$(?:\$|\(([^)]*)\))/g)) {
      parts.push(double(text.slice(end, match.index)))
      end = match.index + match[0].length
      const name = match[1] as string | undefined
      if (name === undefined) parts.push('$$')
      else parts.push(this.#doubled.get(name) ?? (OF_INSTANCE.has(name) ? match[0] : double(match[0])))
    }
    const doubled = parts.join('') + double(text.slice(end))
    return Buffer.byteLength(doubled) < TEXT_BYTES_MAX ? doubled : null
  }
}

/** A command line for a shell, which has its own meaning of `$`: only what an instance knows is replaced in it. */
export function shellText(line: string): string {
  const kept = [...OF_INSTANCE].join('|')
  return shortest(line.replaceAll(new RegExp(`\\$(?!\\((?:${kept})\\))`, 'g'), () => '$$'))
}

function double(text: string): string {
  return text.replaceAll('$', () => '$$')
}

/** Texts without any reference are left alone as they are. */
function shortest(doubled: string): string {
  return doubled.includes('$(') ? doubled : doubled.replaceAll('$$', () => '$')
}
