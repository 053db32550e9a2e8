import { escapedPath, parseQuery, parseTarget, shownPath } from './go-url.ts'
import type { GoUrl } from './go-url.ts'
import { ExecutionError, Float, NIL_STRINGS, Strings, Struct } from './go-values.ts'
import type { Dictionary, Method, StructType } from './go-values.ts'
import type { RequestRecord, RevisionRecord, TlsRecord } from './request-record.ts'
import { requestText } from './request-text.ts'

/**
 * What a template is given: Go's http.Request, as far as a log can use it, and Knative's Response, Revision and
 * TraceID. Every string of the network goes through {@link requestText}.
 */
export function requestData(record: RequestRecord): Struct {
  return new Struct(INPUT, record)
}

/** The request's URL as Go prints it. */
export function printedUrl(record: RequestRecord): string {
  return requestText(parseTarget(record.target, record.method).text)
}

/** Fields and methods of Go's types that a template may name in Go, and that have no meaning here. */
export const UNSUPPORTED: ReadonlyMap<string, readonly string[]> = members({
  Request: (
    'Body Cancel Clone Context Cookie Cookies CookiesNamed BasicAuth Form FormFile FormValue GetBody ' +
    'MultipartForm MultipartReader ParseForm ParseMultipartForm PathValue Pattern PostForm PostFormValue Response ' +
    'SetPathValue Trailer TransferEncoding WithContext Write WriteProxy ProtoAtLeast AddCookie SetBasicAuth'
  ).split(' '),
  URL: (
    'Opaque User OmitHost RawFragment EscapedFragment JoinPath MarshalBinary AppendBinary Parse Redacted ' +
    'ResolveReference UnmarshalBinary'
  ).split(' '),
  Header: 'Add Clone Del Set Write WriteSubset'.split(' '),
  Query: 'Add Del Encode Set'.split(' '),
  TLS: (
    'CurveID DidResumeTLS ECHAccepted ExportKeyingMaterial HelloRetryRequest NegotiatedProtocolIsMutual ' +
    'OCSPResponse PeerCertificates SignedCertificateTimestamps TLSUnique VerifiedChains'
  ).split(' '),
})

const INPUT: StructType = {
  name: '*http.RequestLogTemplateInput',
  methods: new Map(),
  fields: members({
    Request: (record: RequestRecord) => new Struct(REQUEST, record),
    Response: (record: RequestRecord) => new Struct(RESPONSE, record),
    Revision: (record: RequestRecord) => new Struct(REVISION, record.revision),
    TraceID: (record: RequestRecord) => requestText(record.traceId),
  }),
}

const REQUEST: StructType = {
  name: '*http.Request',
  fields: members({
    Method: (record: RequestRecord) => requestText(record.method),
    URL: (record: RequestRecord) => new Struct(URL, parseTarget(record.target, record.method)),
    Proto: (record: RequestRecord) => requestText(record.protocol),
    ProtoMajor: (record: RequestRecord) => version(record, 0),
    ProtoMinor: (record: RequestRecord) => version(record, 1),
    Host: (record: RequestRecord) => requestText(record.host),
    Header: (record: RequestRecord) => new Header(record),
    ContentLength: (record: RequestRecord) => record.contentLength,
    RemoteAddr: (record: RequestRecord) => requestText(record.remoteAddress),
    RequestURI: (record: RequestRecord) => requestText(record.target),
    TLS: (record: RequestRecord) => new Struct(TLS, record.tls),
  }),
  methods: members({
    UserAgent: method(0, (record: RequestRecord) => first(record, 'user-agent')),
    Referer: method(0, (record: RequestRecord) => first(record, 'referer')),
  }),
}

const RESPONSE: StructType = {
  name: '*http.RequestLogResponse',
  methods: new Map(),
  fields: members({
    Code: (record: RequestRecord) => record.status,
    Size: (record: RequestRecord) => record.responseBytes,
    Latency: (record: RequestRecord) => new Float(record.latencySeconds),
  }),
  printed: ['Code', 'Size', 'Latency'],
}

const REVISION: StructType = {
  name: '*http.RequestLogRevision',
  methods: new Map(),
  fields: members({
    Name: (revision: RevisionRecord) => revision.name,
    Namespace: (revision: RevisionRecord) => revision.namespace,
    Service: (revision: RevisionRecord) => revision.service,
    Configuration: (revision: RevisionRecord) => revision.configuration,
    PodName: (revision: RevisionRecord) => revision.podName,
    PodIP: (revision: RevisionRecord) => revision.podIp,
  }),
  printed: ['Name', 'Namespace', 'Service', 'Configuration', 'PodName', 'PodIP'],
}

const URL: StructType = {
  name: '*url.URL',
  text: (url: GoUrl) => requestText(url.text),
  fields: members({
    Scheme: (url: GoUrl) => url.scheme,
    Host: (url: GoUrl) => requestText(url.host),
    Path: (url: GoUrl) => requestText(url.path),
    RawPath: (url: GoUrl) => (isDefaultEncoding(url) ? '' : requestText(url.sentPath)),
    RawQuery: (url: GoUrl) => requestText(url.rawQuery),
    ForceQuery: (url: GoUrl) => url.forcesQuery,
    Fragment: () => '',
  }),
  methods: members({
    String: method(0, (url: GoUrl) => requestText(url.text)),
    EscapedPath: method(0, (url: GoUrl) => requestText(shownPath(url))),
    Hostname: method(0, (url: GoUrl) => requestText(hostAndPort(url.host)[0])),
    Port: method(0, (url: GoUrl) => hostAndPort(url.host)[1]),
    IsAbs: method(0, (url: GoUrl) => url.scheme !== ''),
    RequestURI: method(0, (url: GoUrl) => requestText(requestUri(url))),
    Query: method(0, (url: GoUrl) => new Query(url)),
  }),
}

const TLS: StructType = {
  name: '*tls.ConnectionState',
  methods: new Map(),
  fields: members({
    Version: (tls: TlsRecord) => TLS_VERSIONS[tls.version] ?? 0,
    HandshakeComplete: () => true,
    DidResume: (tls: TlsRecord) => tls.resumed,
    CipherSuite: (tls: TlsRecord) => CIPHER_SUITES[tls.cipherSuite] ?? 0,
    NegotiatedProtocol: (tls: TlsRecord) => requestText(tls.protocol),
    ServerName: (tls: TlsRecord) => requestText(tls.serverName),
  }),
  printed: ['Version', 'HandshakeComplete', 'DidResume', 'CipherSuite', 'NegotiatedProtocol', 'ServerName'],
}

const TLS_VERSIONS: Readonly<Record<string, number>> = { 'TLSv1.2': 0x0303, 'TLSv1.3': 0x0304 }

/** Numbers of the suites that Go's and Node's servers share (IANA). */
const CIPHER_SUITES: Readonly<Record<string, number>> = {
  TLS_AES_128_GCM_SHA256: 0x1301,
  TLS_AES_256_GCM_SHA384: 0x1302,
  TLS_CHACHA20_POLY1305_SHA256: 0x1303,
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 0xc009,
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 0xc00a,
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 0xc013,
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 0xc014,
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 0xc02b,
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 0xc02c,
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 0xc02f,
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 0xc030,
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 0xcca8,
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 0xcca9,
}

const GET: Method<Dictionary> = {
  parameters: 1,
  call: (dictionary, [key]) => valuesOf(dictionary, key)[0] ?? '',
}
const VALUES: Method<Dictionary> = {
  parameters: 1,
  call: (dictionary, [key]) => new Strings(valuesOf(dictionary, key)),
}

/** The header fields of a request under the names Go gives them. */
class Header implements Dictionary {
  readonly kind = 'dictionary'
  readonly typeName = 'http.Header'
  readonly methods: Dictionary['methods'] = HEADER_METHODS
  readonly #record: RequestRecord

  constructor(record: RequestRecord) {
    this.#record = record
  }

  get(key: string): Strings | undefined {
    if (canonicalName(key) !== key || NOT_IN_HEADER.has(key)) return undefined
    const values = this.#record.header(key.toLowerCase())
    return values.length === 0 ? undefined : new Strings(values.map(requestText))
  }

  keys(): readonly string[] {
    const names = new Set(this.#record.headerPairs().map(([name]) => canonicalName(requestText(name))))
    return [...names].filter((name) => !NOT_IN_HEADER.has(name)).toSorted()
  }
}

/** Go's server takes these out of the header. */
const NOT_IN_HEADER: ReadonlySet<string> = new Set(['Host', 'Transfer-Encoding', 'Trailer'])
const HEADER_METHODS: Dictionary['methods'] = members({
  ...refused(UNSUPPORTED.get('Header')!),
  Get: { parameters: 1, call: (header, [name]) => GET.call(header, [canonicalName(name)]) },
  Values: { parameters: 1, call: (header, [name]) => VALUES.call(header, [canonicalName(name)]) },
})

/** The parameters of a query. */
class Query implements Dictionary {
  readonly kind = 'dictionary'
  readonly typeName = 'url.Values'
  readonly methods: Dictionary['methods'] = QUERY_METHODS
  readonly #parameters = new Map<string, Strings>()

  constructor(url: GoUrl) {
    for (const [key, values] of parseQuery(url.rawQuery))
      this.#parameters.set(requestText(key), new Strings(values.items.map(requestText)))
  }

  get(key: string): Strings | undefined {
    return this.#parameters.get(key)
  }

  keys(): readonly string[] {
    return [...this.#parameters.keys()].toSorted()
  }
}

const QUERY_METHODS: Dictionary['methods'] = members({
  ...refused(UNSUPPORTED.get('Query')!),
  Get: GET,
  Has: { parameters: 1, call: (query, [key]) => query.get(key) !== undefined },
})

/** A map, because it is the fastest to look up a name in. */
function members<Member>(record: Readonly<Record<string, Member>>): ReadonlyMap<string, Member> {
  return new Map(Object.entries(record))
}

/** Methods that Go's map would have: without them their names would be those of absent keys. */
function refused(names: readonly string[]): Record<string, Method<Dictionary>> {
  return Object.fromEntries(names.map((name) => [name, { parameters: 0, call: refuseCall }]))
}

function refuseCall(): never {
  throw new ExecutionError('the method is not supported')
}

function method<Data>(parameters: number, call: Method<Data>['call']): Method<Data> {
  return { parameters, call }
}

function first(record: RequestRecord, lowerName: string): string {
  const values = record.header(lowerName)
  return values.length === 0 ? '' : requestText(values[0])
}

function valuesOf(dictionary: Dictionary, key: string): readonly string[] {
  return (dictionary.get(key) ?? NIL_STRINGS).items
}

/** Go's CanonicalHeaderKey: `x-foo` is `X-Foo`; what is no token is left alone. */
function canonicalName(name: string): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return name
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}

/** The two numbers of `HTTP/1.1`. */
function version(record: RequestRecord, part: 0 | 1): number {
  return Number(record.protocol.slice('HTTP/'.length).split('.')[part] ?? 0)
}

/** Go has no RawPath when Path, encoded anew, is what was sent. */
function isDefaultEncoding(url: GoUrl): boolean {
  return url.sentPath === escapedPath(url.path)
}

function hostAndPort(host: string): [hostname: string, port: string] {
  const found = /^(.*?)(?::([0-9]*))?$/s.exec(host)!
  const name = found[1]
  const bare = name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name
  return [bare, found[2] ?? '']
}

function requestUri(url: GoUrl): string {
  const query = url.forcesQuery || url.rawQuery !== '' ? `?${url.rawQuery}` : ''
  return `${shownPath(url) === '' ? '/' : shownPath(url)}${query}`
}
