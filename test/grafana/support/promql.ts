/** What an expression of PromQL names. */
export interface Named {
  /** Metrics, each with the labels of its selectors. */
  readonly metrics: ReadonlyMap<string, ReadonlySet<string>>
  /** Labels in `by`, `without`, `on`, `ignoring`, `group_left` and `group_right`. */
  readonly labels: ReadonlySet<string>
  /** Labels that `label_replace` and `label_join` make. */
  readonly made: ReadonlySet<string>
}

/** Words that stand where a metric might. */
const WORDS = new Set(['and', 'or', 'unless', 'atan2', 'bool', 'offset', 'start', 'end', 'inf', 'nan'])
/** Words before a list of labels. */
const LISTS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'])

/** Blanks; a text; a duration or a variable of Grafana in brackets; a number; a name; anything else. */
const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[[^\]]*\]|\d[\w.]*|[a-zA-Z_:][\w:]*|[^\s\w]/g

/**
 * Finds the names in an expression. It is not a parser: it knows as much of the grammar as tells metrics, labels and
 * functions from each other. Promtool checks the grammar where it is installed.
 */
export function namesIn(expression: string): Named {
  const tokens = (expression.match(TOKEN) ?? []).filter((token) => token.trim() !== '')
  const metrics = new Map<string, Set<string>>()
  const labels = new Set<string>()
  const made = new Set<string>()
  let metric: Set<string> = new Set()
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]
    const next = tokens[i + 1]
    if (/^label_(?:replace|join)$/.test(token)) made.add(firstText(tokens.slice(i)))
    if (token === '{') i = readLabels(tokens, i, '}', metric)
    else if (LISTS.has(token) && next === '(') i = readLabels(tokens, i + 1, ')', labels)
    else if (isMetric(token, next)) {
      metric = metrics.get(token) ?? new Set()
      metrics.set(token, metric)
    }
  }
  return { metrics, labels, made }
}

/** A function is followed by a bracket, an aggregation by one or by its labels. */
function isMetric(token: string, next: string | undefined): boolean {
  return (
    /^[a-zA-Z_:]/.test(token) &&
    next !== '(' &&
    next !== 'by' &&
    next !== 'without' &&
    !WORDS.has(token.toLowerCase())
  )
}

/** Adds the names from the bracket at `from` to its end, which is answered. */
function readLabels(tokens: readonly string[], from: number, end: string, into: Set<string>): number {
  let i = from + 1
  for (; i < tokens.length && tokens[i] !== end; i++) if (/^[a-zA-Z_]/.test(tokens[i])) into.add(tokens[i])
  return i
}

/** The label that it makes is the first text behind the vector. */
function firstText(tokens: readonly string[]): string {
  let depth = 0
  for (const [i, token] of tokens.entries()) {
    if (token === '(' || token === '{') depth++
    else if (token === ')' || token === '}') depth--
    else if (depth === 1 && /^["']/.test(token) && tokens[i - 1] === ',') return token.slice(1, -1)
  }
  return ''
}
