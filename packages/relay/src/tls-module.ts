import type * as Crypto from 'node:crypto'
import type * as Tls from 'node:tls'

let loadedTls: typeof Tls | null = null
let loadedCrypto: typeof Crypto | null = null

/** `node:tls`, loaded when it is first needed: with OpenSSL's tables it costs a process 6 MB. */
export function tls(): typeof Tls {
  return (loadedTls ??= process.getBuiltinModule('node:tls'))
}

/** `node:crypto`, loaded when it is first needed. */
export function crypto(): typeof Crypto {
  return (loadedCrypto ??= process.getBuiltinModule('node:crypto'))
}
