import { rmSync, statSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { Certificates } from '../src/certificates.ts'
import { DEFAULT_TLS, type TlsSettings } from '../src/settings.ts'
import { Events } from './support/events.ts'
import { fixture, PairFiles, pairOf } from './support/pairs.ts'

const settingsFor = (files: { certFile: string; keyFile: string }): TlsSettings => ({
  ...DEFAULT_TLS,
  certFile: files.certFile,
  keyFile: files.keyFile,
})

function watching(t: Test, files: PairFiles) {
  const certificates = new Certificates(settingsFor(files))
  t.teardown(() => certificates.close())
  const changes = new Events<Buffer>('a certificate changes')
  const problems = new Events<string>('a certificate cannot be used')
  certificates.onChange = (pair) => changes.push(pair.cert)
  certificates.onProblem = (problem) => problems.push(problem)
  // Watches keep no process alive, and nothing else does here.
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
  return { certificates, changes, problems }
}

t.test('reads the pair', async (t) => {
  const { certificates } = watching(t, new PairFiles(t).write('one'))
  t.strictSame(certificates.current, { ...pairOf('one'), clientCa: null })
})

t.test('what cannot be used is refused with the name of the file', async (t) => {
  const files = new PairFiles(t).write('one')
  const refusal = (certFile: string, keyFile: string): string => {
    try {
      new Certificates(settingsFor({ certFile, keyFile })).close()
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  const missing = `${files.directory}/missing.pem`
  t.match(refusal(missing, files.keyFile), `the certificate file ${missing} cannot be read: ENOENT`)
  t.match(refusal(files.certFile, missing), `the key file ${missing} cannot be read: ENOENT`)
  t.match(
    refusal(files.directory, files.keyFile),
    `the certificate file ${files.directory} cannot be read: EISDIR`,
  )
  t.match(
    refusal(files.certFile, fixture('two-key.pem')),
    /one|tls\.crt and .*two-key\.pem are not a certificate and its key: .*mismatch/,
  )
  writeFileSync(missing, '')
  t.match(
    refusal(missing, files.keyFile),
    `${missing} and ${files.keyFile} are not a certificate and its key`,
  )
  t.match(refusal(files.certFile, missing), 'are not a certificate and its key')
})

t.test('a pair that is written in place is read again', async (t) => {
  const files = new PairFiles(t).write('one')
  const { certificates, changes } = watching(t, files)
  files.write('two')
  t.strictSame(await changes.next(), pairOf('two').cert)
  t.strictSame(certificates.current, { ...pairOf('two'), clientCa: null })
})

t.test('a mounted secret that is swapped is read again', async (t) => {
  const files = new PairFiles(t).mount('one')
  const { certificates, changes, problems } = watching(t, files)
  t.strictSame(certificates.current, { ...pairOf('one'), clientCa: null })
  files.swap('two')
  t.strictSame(await changes.next(), pairOf('two').cert)
  files.swap('one')
  t.strictSame(await changes.next(), pairOf('one').cert)
  t.strictSame(problems.all, [])
})

t.test('half a pair keeps the old one, until the other half comes', async (t) => {
  const files = new PairFiles(t).write('one')
  const { certificates, changes, problems } = watching(t, files)
  files.writeCert('two')
  t.match(await problems.next(), `${files.certFile} and ${files.keyFile} are not a certificate and its key`)
  t.strictSame(certificates.current, { ...pairOf('one'), clientCa: null })
  t.equal(changes.count, 0)
  files.writeKey('two')
  await changes.next()
  t.strictSame(certificates.current, { ...pairOf('two'), clientCa: null })
})

t.test('a file that is gone keeps the old pair', async (t) => {
  const files = new PairFiles(t).write('one')
  const { certificates, problems, changes } = watching(t, files)
  rmSync(files.keyFile)
  t.match(await problems.next(), `the key file ${files.keyFile} cannot be read`)
  t.strictSame(certificates.current, { ...pairOf('one'), clientCa: null })
  files.write('two')
  await changes.next()
  t.strictSame(certificates.current, { ...pairOf('two'), clientCa: null })
})

t.test('files that were written with what they held are no change', async (t) => {
  const files = new PairFiles(t).write('one')
  const { certificates, changes } = watching(t, files)
  const before = statSync(files.certFile).mtimeMs
  files.write('one')
  certificates.reload()
  t.ok(statSync(files.certFile).mtimeMs >= before)
  t.equal(changes.count, 0)
})

t.test('a pair that its user cannot take is reported, and offered again', async (t) => {
  const files = new PairFiles(t).write('one')
  const { certificates, problems } = watching(t, files)
  certificates.onChange = () => {
    throw new Error('not this one')
  }
  files.write('two')
  t.equal(await problems.next(), 'not this one')
  t.strictSame(certificates.current, { ...pairOf('one'), clientCa: null })
  certificates.onChange = () => {}
  certificates.reload()
  t.strictSame(certificates.current, { ...pairOf('two'), clientCa: null })
})

t.test('when nothing can be watched, looking now and then remains', async (t) => {
  const files = new PairFiles(t).write('one')
  const { Certificates: Unwatched } = await t.mockImport<typeof import('../src/certificates.ts')>(
    '../src/certificates.ts',
    {
      'node:fs': t.createMock(await import('node:fs'), {
        watch: () => {
          throw Object.assign(new Error('no watch left'), { code: 'ENOSPC' })
        },
      }),
    },
  )
  const certificates = new Unwatched(settingsFor(files))
  t.teardown(() => certificates.close())
  files.write('two')
  certificates.reload()
  t.strictSame(certificates.current, { ...pairOf('two'), clientCa: null })
})
