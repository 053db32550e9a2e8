import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { headOf, REVISION, type Sample } from './record.ts'

export interface GoResult {
  /** What Go made of the template; empty when it failed. */
  readonly Line: string
  /** Where it failed: `request`, `parse`, `execute`; empty when it did not. */
  readonly Stage: string
  readonly Error: string
}

export type Renderer = (cases: readonly (readonly [template: string, sample: Sample])[]) => GoResult[]

/** Builds the program that renders with Go's text/template; null when there is no Go that can. */
export function goRenderer(teardown: (end: () => void) => void): Renderer | null {
  const directory = mkdtempSync(join(tmpdir(), 'go-template-'))
  teardown(() => rmSync(directory, { recursive: true }))
  const program = join(directory, 'render')
  const source = join(import.meta.dirname, '..', 'fixtures', 'go-template', 'main.go')
  const env = { ...process.env, GOFLAGS: '-mod=mod', GOPROXY: 'off', GOTOOLCHAIN: 'local' }
  try {
    execFileSync('go', ['build', '-o', program, source], { env, stdio: 'pipe', timeout: 100_000 })
  } catch {
    return null
  }
  return (cases) => {
    const input = cases.map(([template, sample]) => ({
      Template: template,
      Head: headOf(sample),
      RemoteAddr: sample.remoteAddress ?? '10.0.0.1:4711',
      TLS: sample.tls ?? false,
      Code: sample.status ?? 200,
      Size: sample.responseBytes ?? 12,
      Latency: sample.latencySeconds ?? 0.25,
      Revision: {
        Name: REVISION.name,
        Namespace: REVISION.namespace,
        Service: REVISION.service,
        Configuration: REVISION.configuration,
        PodName: REVISION.podName,
        PodIP: REVISION.podIp,
      },
      TraceID: sample.traceId ?? '',
    }))
    const output = execFileSync(program, {
      input: JSON.stringify(input),
      maxBuffer: 1 << 28,
      timeout: 60_000,
    })
    return JSON.parse(output.toString()) as GoResult[]
  }
}
