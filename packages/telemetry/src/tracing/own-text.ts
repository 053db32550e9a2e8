/**
 * A copy of the first `max` characters of a latin1 text. A piece of a string keeps the whole of it alive, so what is
 * kept of a message must not be a piece of its head.
 */
export function ownText(text: string, max: number): string {
  const piece = text.length > max ? text.slice(0, max) : text
  return Buffer.from(piece, 'latin1').toString('latin1')
}
