import t from 'tap'
import { groups } from './groups.ts'
import { runGroup } from './support/run-group.ts'

/** Runs one group against Knative's queue-proxy; its name is the argument. In a namespace of its own if possible. */

const name = process.argv[2]
const group = groups.find((one) => one.name === name)
if (group === undefined) throw new Error(`no group is named ${name}`)

t.setTimeout(300_000)
await runGroup(t, group, 'knative')
