import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'deploy', 'grafana')

export const ALERTS_FILE: string = join(FOLDER, 'alerts.yaml')

/** One expression, and where it stands. */
export interface Expression {
  readonly place: string
  readonly text: string
}

interface Target {
  readonly expr: string
}

/** A panel of a dashboard, as far as the tests look. */
export interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly datasource?: { readonly uid: string }
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number }
  readonly targets?: readonly Target[]
}

/** A dashboard of Grafana, as far as the tests look. */
export interface Dashboard {
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] }
}

export const dashboard: Dashboard = JSON.parse(
  readFileSync(join(FOLDER, 'dashboard.json'), 'utf8'),
) as Dashboard

/** A rule of the alerts file. */
export interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: Readonly<Record<string, string>>
}

/** Everything that is asked of Prometheus by the dashboard and its variables. */
export function dashboardExpressions(): Expression[] {
  const panels = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ place: `panel "${title}"`, text: expr })),
  )
  const variables = dashboard.templating.list.flatMap(({ name, definition = '' }) => {
    // label_values(vector, label): as an expression it is a sum by that label.
    const asked = /^label_values\((.*), (\w+)\)$/.exec(definition)
    return asked === null ? [] : [{ place: `variable ${name}`, text: `sum by (${asked[2]}) (${asked[1]})` }]
  })
  return [...panels, ...variables]
}

/** Every alert. */
export function rules(): readonly Rule[] {
  const { groups } = parse(readFileSync(ALERTS_FILE, 'utf8')) as { groups: { rules: Rule[] }[] }
  return groups.flatMap((group) => group.rules)
}
