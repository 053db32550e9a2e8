import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { TlsOptions } from 'node:tls'
import type { TlsSettings } from './settings.ts'
import { crypto, tls } from './tls-module.ts'

/** A certificate chain and its key, PEM. */
export interface CertificatePair {
  readonly cert: Buffer
  readonly key: Buffer
  /** Authorities of clients' certificates, or null when none is asked for. */
  readonly clientCa: Buffer | null
}

/** Writers of a pair write two files: what comes within this time is one change, ms. */
const SETTLE_MS = 100
/** A watch can miss a change, on network file systems above all; the files are looked at this often anyway, ms. */
const LOOK_MS = 60_000

/** Reads a certificate and its key, and reads them again when they change. */
export class Certificates {
  current: CertificatePair
  /** Called with every new pair that fits together. */
  onChange: (pair: CertificatePair) => void = () => {}
  /** Called when files changed but cannot be used; the old pair stays. */
  onProblem: (problem: string) => void = () => {}

  readonly #settings: TlsSettings
  readonly #watchers: FSWatcher[] = []
  readonly #interval: NodeJS.Timeout
  #settle: NodeJS.Timeout | null = null
  #digest: string

  /** Throws an Error that names the file when the pair cannot be read or does not fit together. */
  constructor(settings: TlsSettings) {
    this.#settings = settings
    this.current = readPair(settings)
    this.#digest = digestOf(this.current)
    // A mounted secret is changed by renaming a directory link: only a watch on the directory sees that.
    const files = [settings.certFile, settings.keyFile, settings.clientCaFile].filter((file) => file !== '')
    for (const directory of new Set(files.map((file) => dirname(file)))) this.#watch(directory)
    this.#interval = setInterval(() => this.reload(), LOOK_MS)
    this.#interval.unref()
  }

  #watch(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, () => this.#onEvent())
      watcher.on('error', () => {})
      this.#watchers.push(watcher)
    } catch {
      // The machine has no watch left for us, as happens on nodes with many containers: looking now and then remains.
    }
  }

  #onEvent(): void {
    if (this.#settle !== null) return
    this.#settle = setTimeout(() => {
      this.#settle = null
      this.reload()
    }, SETTLE_MS)
    this.#settle.unref()
  }

  /** Looks at the files now. A pair that is half written keeps the old one in use. */
  reload(): void {
    try {
      const pair = readPair(this.#settings)
      const digest = digestOf(pair)
      if (digest === this.#digest) return
      this.onChange(pair)
      this.current = pair
      this.#digest = digest
    } catch (error) {
      this.onProblem(error instanceof Error ? error.message : String(error))
    }
  }

  /** Stops watching. */
  close(): void {
    for (const watcher of this.#watchers) watcher.close()
    clearInterval(this.#interval)
    if (this.#settle !== null) clearTimeout(this.#settle)
  }
}

/** Options of a TLS server or context for these settings. */
export function tlsOptions(settings: TlsSettings, pair: CertificatePair): TlsOptions {
  return {
    cert: pair.cert,
    key: pair.key,
    minVersion: settings.minVersion,
    maxVersion: settings.maxVersion,
    ...(settings.ciphers === '' ? {} : { ciphers: settings.ciphers }),
    ...(settings.groups === '' ? {} : { ecdhCurve: settings.groups }),
    ...(pair.clientCa === null ? {} : { ca: pair.clientCa, requestCert: true }),
    // Whether a certificate is needed is for the acceptor to say: one that is shown must be good in any case.
    rejectUnauthorized: settings.clientAuth === 'require',
    ALPNProtocols: ['h2', 'http/1.1'],
  }
}

function readPair(settings: TlsSettings): CertificatePair {
  const pair = {
    cert: readPem(settings.certFile, 'certificate'),
    key: readPem(settings.keyFile, 'key'),
    clientCa: settings.clientAuth === 'none' ? null : readPem(settings.clientCaFile, 'client CA'),
  }
  try {
    tls().createSecureContext(tlsOptions(settings, pair))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(
      `${settings.certFile} and ${settings.keyFile} are not a certificate and its key: ${reason}`,
      { cause: error },
    )
  }
  return pair
}

function readPem(file: string, what: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new Error(
      `the ${what} file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}

function digestOf(pair: CertificatePair): string {
  const hash = crypto().createHash('sha256').update(pair.cert).update('\0').update(pair.key)
  return hash
    .update('\0')
    .update(pair.clientCa ?? '')
    .digest('hex')
}
