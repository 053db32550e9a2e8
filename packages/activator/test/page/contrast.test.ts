import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const theme = readFileSync(join(import.meta.dirname, '../../src/admin/page/theme.css'), 'utf8')
const [light = '', dark = ''] = theme.split('@media (prefers-color-scheme: dark)')

/** The colours of one scheme by name. */
function coloursOf(css: string): Map<string, string> {
  return new Map(
    Array.from(css.matchAll(/--([\w-]+): #([0-9a-f]{6});/g), ([, name = '', hex = '']) => [name, hex]),
  )
}

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [dim = 0, bright = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (bright + 0.05) / (dim + 0.05)
}

for (const [scheme, css] of [
  ['light', light],
  ['dark', dark],
] as const) {
  t.test(`contrast, ${scheme}`, async (t) => {
    const colours = coloursOf(css)
    const atLeast = (least: number, name: string, ground: string): void => {
      const [one, other] = [colours.get(name), colours.get(ground)]
      if (one === undefined || other === undefined)
        throw new Error(`theme.css has no --${name} or --${ground}`)
      t.ok(
        contrast(one, other) >= least,
        `${name} on ${ground}: ${contrast(one, other).toFixed(2)}, at least ${least}`,
      )
    }
    for (const ground of ['surface', 'ground', 'raised']) {
      for (const text of ['text', 'soft', 'trouble']) atLeast(4.5, text, ground)
      for (const shape of ['ready', 'starting', 'ending', 'zero', 'focus']) atLeast(3, shape, ground)
    }
    atLeast(4.5, 'starting', 'surface')
    atLeast(4.5, 'trouble', 'trouble-ground')
    atLeast(4.5, 'text', 'banner-ground')
    atLeast(4.5, 'ground', 'text')
    for (const ground of ['surface', 'ground']) atLeast(3, 'edge', ground)
    for (const shape of ['used', 'bar-longest']) atLeast(3, shape, 'surface')
  })
}
