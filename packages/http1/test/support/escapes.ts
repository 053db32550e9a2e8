/** Bytes written so that a person can read and type them: printable ASCII, `\r \n \t \\` and `\xNN`. */

const NAMED: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '\\': '\\' }

/** latin1 text with every byte outside printable ASCII escaped. */
export function escaped(text: string): string {
  return text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('\r', String.raw`\r`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\t', String.raw`\t`)
    .replace(/[^ -~]/g, (character) => String.raw`\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replace(/ $/, String.raw`\x20`)
}

/** The latin1 text that was escaped. Throws on an escape it does not know. */
export function unescaped(line: string): string {
  return line.replace(/\\(x[\da-fA-F]{2}|.?)/g, (escape, what: string) => {
    if (what.startsWith('x') && what.length === 3)
      return String.fromCharCode(Number.parseInt(what.slice(1), 16))
    const byte = NAMED[what]
    if (byte === undefined) throw new Error(`unknown escape ${escape}`)
    return byte
  })
}

/** `text` in escaped lines, cut behind each LF. */
export function escapedLines(text: string): string[] {
  return text
    .split(/(?<=\n)/)
    .filter((line) => line !== '')
    .map(escaped)
}
