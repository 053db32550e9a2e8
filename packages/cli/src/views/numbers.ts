/** A duration for people: `840 ms`, `1.24 s`, `2 min 5 s`. `ms` may be negative. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`
  if (ms < 9.95) return `${trimmed(ms.toFixed(1))} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_995) return `${trimmed((ms / 1000).toFixed(2))} s`
  const seconds = Math.round(ms / 1000)
  const rest = seconds % 60
  return rest === 0 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 60)} min ${rest} s`
}

/** Requests per second for people. */
export function rateText(perSecond: number): string {
  return perSecond < 9.95 ? trimmed(perSecond.toFixed(1)) : String(Math.round(perSecond))
}

/** `1 service`, `2 services`. */
export function countText(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}

function trimmed(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
