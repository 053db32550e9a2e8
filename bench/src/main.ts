/**
 * `npm run bench -- <question> [options]`: one sub-command per question this folder answers.
 */
import { activator } from './activator/activator.ts'
import { coldStart } from './cold-start/cold-start.ts'
import { hotPath } from './hot-path/hot-path.ts'
import { queueProxy } from './queue-proxy/queue-proxy.ts'

const questions: Record<string, { answers: string; run: (args: string[]) => Promise<number> }> = {
  'hot-path': { answers: 'what one request costs in the proxy: CPU, latency, memory', run: hotPath },
  'queue-proxy': {
    answers: "what our sidecar costs beside Knative's: CPU, memory, start, idleness",
    run: queueProxy,
  },
  activator: {
    answers: 'what the activator costs: CPU, held requests, handing over, idle revisions, overload',
    run: activator,
  },
  'cold-start': { answers: 'from the listening app to the answered readiness probe', run: coldStart },
}

const [name, ...args] = process.argv.slice(2)
const question = name === undefined ? undefined : questions[name]
if (question === undefined) {
  const asked = name === undefined || name === '--help' || name === '-h'
  const lines = ['usage: npm run bench -- <question> [options]', '']
  for (const [key, { answers }] of Object.entries(questions)) lines.push(`  ${key.padEnd(12)} ${answers}`)
  lines.push('', 'npm run bench -- <question> --help lists the options.')
  if (!asked) lines.unshift(`bench: no question is called '${name}'`)
  console[asked ? 'log' : 'error'](lines.join('\n'))
  process.exitCode = asked && name !== undefined ? 0 : 2
} else {
  process.exitCode = await question.run(args)
}
