/** One line with a value. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** One metric of a Prometheus page. */
export interface PageFamily {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: Sample[]
}

const SAMPLE = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/
const LABEL = /(?<key>[a-zA-Z_]\w*)="(?<text>(?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/y

/** Reads a page in Prometheus' text format or OpenMetrics, strictly: a line that is neither is an error. */
export function parsePage(text: string): Map<string, PageFamily> {
  const families = new Map<string, PageFamily>()
  let help = ''
  let current: PageFamily | null = null
  for (const line of text.split('\n')) {
    if (line === '' || line === '# EOF') continue
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line)
    if (comment?.[1] === 'HELP') help = comment[3]
    else if (comment?.[1] === 'TYPE') {
      if (families.has(comment[2])) throw new Error(`two families are called ${comment[2]}`)
      current = { name: comment[2], help, type: comment[3], samples: [] }
      families.set(current.name, current)
    } else {
      const match = SAMPLE.exec(line)
      if (match === null || current === null) throw new Error(`no line of a page: ${line}`)
      if (!match.groups!['name'].startsWith(current.name))
        throw new Error(`${line} is not of ${current.name}`)
      current.samples.push({
        name: match.groups!['name'],
        labels: parseLabels(match.groups!['labels'] ?? ''),
        value: parseValue(match.groups!['value']),
      })
    }
  }
  return families
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < text.length) {
    const at = LABEL.lastIndex
    const match = LABEL.exec(text)
    if (match === null) throw new Error(`no labels from ${at} on: ${text}`)
    const { key, text: escaped } = match.groups!
    if (key in labels) throw new Error(`label ${key} stands twice: ${text}`)
    labels[key] = escaped.replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
  }
  return labels
}

function parseValue(text: string): number {
  if (text === '+Inf') return Infinity
  const value = Number(text)
  if (Number.isNaN(value) && text !== 'Nan') throw new Error(`no value: ${text}`)
  return value
}
