import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { resolved } from './pattern.ts'
import type { Group } from './scenario.ts'
import { Scene } from './scene.ts'
import { type Environment, type Kind, KNATIVE_CERTIFICATES } from './subject.ts'

const FIXTURES = join(import.meta.dirname, '..', 'fixtures')

/** Puts a pair of the fixtures where the queue-proxy reads its certificate. */
export function installCertificate(folder: string, name: 'one' | 'two', files = ['crt', 'key']): void {
  for (const file of files) cpSync(join(FIXTURES, `${name}.${file}`), join(folder, `tls.${file}`))
}

function certificateFolder(t: Test, kind: Kind): { folder: string; environment: Environment } {
  let folder = KNATIVE_CERTIFICATES
  if (kind === 'ours') {
    folder = mkdtempSync(join(tmpdir(), 'conformance-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
  } else mkdirSync(folder, { recursive: true })
  installCertificate(folder, 'one')
  const environment =
    kind === 'ours'
      ? { QUEUE_TLS_CERT_FILE: join(folder, 'tls.crt'), QUEUE_TLS_KEY_FILE: join(folder, 'tls.key') }
      : {}
  return { folder, environment }
}

/** Runs the scenarios of a group against one queue-proxy, each as a test. */
export async function runGroup(t: Test, group: Group, kind: Kind): Promise<void> {
  const tls = group.tls === true ? certificateFolder(t, kind) : { folder: '', environment: {} }
  const scene = await Scene.open(kind, group.speaks ?? 'http1', tls.folder, tls.environment)
  t.teardown(() => scene.close())
  if (group.environment !== null) {
    const port = (await group.serves?.(scene)) ?? scene.app.port
    const own = kind === 'ours' ? group.ours : {}
    await scene.starts({ ...group.environment, ...own }, port)
  }
  for (const scenario of group.scenarios) {
    const difference = scenario.difference === null ? '' : ` [${scenario.difference}]`
    await t.test(`${scenario.name}${difference}`, async (t) => {
      t.teardown(() => scene.endsScenario())
      const observed = await scenario.run(scene).catch((error: unknown) => {
        for (const line of scene.lastWords()) t.comment(line)
        throw error
      })
      t.strictSame(observed, resolved(scenario.expected[kind], observed))
    })
  }
}
