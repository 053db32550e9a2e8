import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { Peer } from './peer.ts'
import { within } from './within.ts'

const FIXTURES = join(import.meta.dirname, '..', 'fixtures')

/** The certificates of fixtures/README.md. */
export type PairName = 'one' | 'two'

/** The path of a fixture. */
export const fixture = (name: string): string => join(FIXTURES, name)

/** The authority that signed both pairs. */
export const CA: Buffer = readFileSync(fixture('ca-cert.pem'))

/** Options of a TLS server with one of the pairs. */
export const pairOf = (name: PairName): { cert: Buffer; key: Buffer } => ({
  cert: readFileSync(fixture(`${name}-cert.pem`)),
  key: readFileSync(fixture(`${name}-key.pem`)),
})

/** A certificate and its key in a directory of their own, as a deployment has them. */
export class PairFiles {
  readonly directory: string
  readonly certFile: string
  readonly keyFile: string

  constructor(t: Test) {
    this.directory = mkdtempSync(join(tmpdir(), 'pilotlight-pair-'))
    t.teardown(() => rmSync(this.directory, { recursive: true, force: true }))
    this.certFile = join(this.directory, 'tls.crt')
    this.keyFile = join(this.directory, 'tls.key')
  }

  /** Writes both files in place. */
  write(name: PairName): this {
    this.writeCert(name)
    this.writeKey(name)
    return this
  }

  writeCert(name: PairName): void {
    copyFileSync(fixture(`${name}-cert.pem`), this.certFile)
  }

  writeKey(name: PairName): void {
    copyFileSync(fixture(`${name}-key.pem`), this.keyFile)
  }

  /**
   * As Kubernetes mounts a secret: the files are links into `..data`, a link to a directory, and a new secret is a new
   * directory that `..data` is made to point to by a rename.
   */
  mount(name: PairName): this {
    this.swap(name)
    for (const file of ['tls.crt', 'tls.key']) {
      rmSync(join(this.directory, file), { force: true })
      symlinkSync(join('..data', file), join(this.directory, file))
    }
    return this
  }

  /** Swaps the mounted secret, and nothing else. */
  swap(name: PairName): void {
    const version = `..${name}_${Math.random()}`
    const target = join(this.directory, version)
    mkdirSync(target)
    copyFileSync(fixture(`${name}-cert.pem`), join(target, 'tls.crt'))
    copyFileSync(fixture(`${name}-key.pem`), join(target, 'tls.key'))
    const link = join(this.directory, '..data')
    symlinkSync(version, `${link}_tmp`)
    renameSync(`${link}_tmp`, link)
  }
}

/** A TLS client of the relay, with its handshake done. */
export async function connectTls(
  t: Test,
  port: number,
  options: ConnectionOptions = {},
): Promise<Peer & { readonly socket: TLSSocket }> {
  const socket = connect({ host: '127.0.0.1', port, ca: CA, ALPNProtocols: ['http/1.1'], ...options })
  t.teardown(() => socket.destroy())
  const peer = new Peer(socket, 'TLS client')
  await within(
    'the handshake',
    new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve)
      socket.once('error', reject)
    }),
  )
  return peer as Peer & { readonly socket: TLSSocket }
}

/** Serial number of the certificate that a server showed. */
export const serialOf = (peer: { readonly socket: TLSSocket }): string =>
  peer.socket.getPeerCertificate().serialNumber
