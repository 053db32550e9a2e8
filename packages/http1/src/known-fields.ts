import { LOWER } from './bytes.ts'

/** Fields whose meaning the codec itself needs. `Other` is every other field. */
export const KnownField = {
  Other: 0,
  Host: 1,
  Connection: 2,
  ContentLength: 3,
  TransferEncoding: 4,
  Expect: 5,
  Upgrade: 6,
  Te: 7,
  Trailer: 8,
  KeepAlive: 9,
  ProxyConnection: 10,
  ProxyAuthenticate: 11,
  ProxyAuthorization: 12,
  Http2Settings: 13,
  Date: 14,
} as const
/** One of {@link KnownField}. */
export type KnownField = (typeof KnownField)[keyof typeof KnownField]

/** Whether `text[start, start + lower.length)` is `lower`, ignoring ASCII case. `lower` must be lower case. */
export function equalsIgnoringCase(text: string, start: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) {
    if (LOWER[text.charCodeAt(start + i)] !== lower.charCodeAt(i)) return false
  }
  return true
}

/** Which known field the name in `text[start, end)` is. Decides by length first: most names end there. */
export function knownField(text: string, start: number, end: number): KnownField {
  switch (end - start) {
    case 2:
      return equalsIgnoringCase(text, start, 'te') ? KnownField.Te : KnownField.Other
    case 4:
      if (equalsIgnoringCase(text, start, 'host')) return KnownField.Host
      return equalsIgnoringCase(text, start, 'date') ? KnownField.Date : KnownField.Other
    case 6:
      return equalsIgnoringCase(text, start, 'expect') ? KnownField.Expect : KnownField.Other
    case 7:
      if (equalsIgnoringCase(text, start, 'upgrade')) return KnownField.Upgrade
      return equalsIgnoringCase(text, start, 'trailer') ? KnownField.Trailer : KnownField.Other
    case 10:
      if (equalsIgnoringCase(text, start, 'connection')) return KnownField.Connection
      return equalsIgnoringCase(text, start, 'keep-alive') ? KnownField.KeepAlive : KnownField.Other
    case 14:
      if (equalsIgnoringCase(text, start, 'content-length')) return KnownField.ContentLength
      return equalsIgnoringCase(text, start, 'http2-settings') ? KnownField.Http2Settings : KnownField.Other
    case 16:
      return equalsIgnoringCase(text, start, 'proxy-connection')
        ? KnownField.ProxyConnection
        : KnownField.Other
    case 17:
      return equalsIgnoringCase(text, start, 'transfer-encoding')
        ? KnownField.TransferEncoding
        : KnownField.Other
    case 18:
      return equalsIgnoringCase(text, start, 'proxy-authenticate')
        ? KnownField.ProxyAuthenticate
        : KnownField.Other
    case 19:
      return equalsIgnoringCase(text, start, 'proxy-authorization')
        ? KnownField.ProxyAuthorization
        : KnownField.Other
    default:
      return KnownField.Other
  }
}
