import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { RequestLog } from '../../src/request-log/request-log.ts'
import { traceIdOf } from '../../src/request-log/trace-id.ts'
import { recordOf } from './support/record.ts'

t.test('a trace id is that of traceparent, else that of B3', async (t) => {
  const id = '4bf92f3577b34da6a3ce929d0e0e4736'
  t.equal(traceIdOf(`00-${id}-00f067aa0ba902b7-01`, undefined), id)
  t.equal(traceIdOf(`00-${id}-00f067aa0ba902b7-01`, 'b3'), id, 'W3C wins')
  t.equal(traceIdOf(`00-${id}`, undefined), id)
  t.equal(traceIdOf(undefined, '463ac35c9f6413ad'), '463ac35c9f6413ad')
  t.equal(traceIdOf('invalid', undefined), '')
  t.equal(traceIdOf('invalid', 'b3'), 'b3')
  t.equal(traceIdOf('00', undefined), '')
  t.equal(traceIdOf('', undefined), '')
  t.equal(traceIdOf('00--01', 'b3'), '')
  t.equal(traceIdOf(undefined, undefined), '')
})

t.test('a log writes one line per request, by the template of the moment', async (t) => {
  const lines: string[] = []
  const log = new RequestLog({ template: '{{.Response.Code}}', write: (line) => lines.push(line) })
  log.log(recordOf())
  log.template = 'new {{.Response.Code}}'
  log.log(recordOf({ status: 404 }))
  t.throws(() => (log.template = '{{'), /line 1, column 1: unclosed action/)
  t.equal(log.template, 'new {{.Response.Code}}', 'a bad template leaves the old one')
  log.log(recordOf())
  log.template = ''
  t.notOk(log.enabled)
  log.log(recordOf())
  t.strictSame(lines, ['200\n', 'new 404\n', 'new 200\n'])
  t.throws(() => new RequestLog({ template: '{{if}}', write: () => {} }), /missing value for if/)
  t.notOk(new RequestLog({ template: '', write: () => {} }).enabled)
})

t.test('no line is lost at the end of the process, and all are whole', async (t) => {
  const { stdout, status } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'fixtures', 'many-lines.ts')],
    {
      maxBuffer: 1 << 26,
      timeout: 60_000,
    },
  )
  t.equal(status, 3)
  const lines = stdout.toString().split('\n')
  t.equal(lines.length, 20_003)
  for (const [i, line] of lines.slice(0, -1).entries()) if (line !== `${i} ${'x'.repeat(100)}`) t.fail(line)
  t.equal(lines.at(-1), '')
})
