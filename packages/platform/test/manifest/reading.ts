import type { ManifestSet } from '../../src/manifest/manifest-set.ts'
import { readManifests } from '../../src/manifest/read-manifests.ts'

/** The file `a.yaml` of the folder `/folder`. */
export function read(text: string, commands: Readonly<Record<string, string>> = {}): ManifestSet {
  return readFiles([text], commands)
}

/** The files `a.yaml`, `b.yaml` and so on, of the folder `/folder`. */
export function readFiles(
  texts: readonly string[],
  commands: Readonly<Record<string, string>> = {},
  revisions: ReadonlyMap<string, readonly string[]> = new Map(),
): ManifestSet {
  const files = texts.map((text, i) => ({ name: `${'abc'[i]}.yaml`, text, folder: '/folder' }))
  return readManifests({ files, commands: new Map(Object.entries(commands)), revisions })
}

/** What is wrong, one line each. */
export function problemsOf(...args: Parameters<typeof read>): readonly string[] {
  return read(...args).problems.map(({ text }) => text)
}

/** What has no effect, one line each. */
export function warningsOf(...args: Parameters<typeof read>): readonly string[] {
  return read(...args).warnings.map(({ text }) => text)
}

/** A Service named hello whose container has these lines beside its command, and whose pod has those. */
export function service(container = '', pod = '', rest = ''): string {
  const indented = (text: string, by: number): string =>
    text === ''
      ? ''
      : text
          .split('\n')
          .map((line) => `${' '.repeat(by)}${line}\n`)
          .join('')
  return `apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: hello
spec:
${indented(rest, 2)}  template:
    spec:
${indented(pod, 6)}      containers:
        - command: [./run]
${indented(container, 10)}`
}
