/** A behaviour in which ours and Knative's queue-proxy differ on purpose. */
export interface Difference {
  readonly knative: string
  readonly ours: string
  readonly reason: string
}

/** Every difference that the scenarios show, by its id. `docs/reference/conformance.md` has the same table. */
export const differences = {
  'app-protocol-translated': {
    knative: 'The application is spoken to as the client speaks; one that does not understand it gives 502.',
    ours: 'It is spoken to by what it understands, whatever the client speaks.',
    reason:
      'Whether an application is reachable should not hang on the name of its port; `QUEUE_APP_PROTOCOL=mirror` brings the rule of Knative back.',
  },
  'broken-body-is-400': {
    knative: 'A request body with broken chunks is answered with 502.',
    ours: 'It is answered with 400.',
    reason: 'The request is at fault, not the application.',
  },
  'client-gone-is-499': {
    knative: 'A client that left before its answer is logged and counted as 200.',
    ours: 'It is logged and counted as 499.',
    reason: 'Nobody got that 200: successes and departures must be told apart.',
  },
  'cut-answers-have-a-size': {
    knative: 'The request log says size 0 of an answer that was cut.',
    ours: 'It says how many bytes went out.',
    reason: 'It is what happened, and it helps to find out why.',
  },
  'cut-instead-of-appended': {
    knative: 'A timeout inside a body appends `request timeout` to it and ends it as if it were complete.',
    ours: 'The body is cut: the client sees that it is not complete.',
    reason: 'Text inside a body is corruption that nobody notices.',
  },
  'drain-waits-for-requests': {
    knative:
      'The hook of a drain is answered when no request has arrived for a while, be some still at the application.',
    ours: 'It is answered when none is there any more, too.',
    reason: 'The kubelet stops the application as soon as the hook is answered.',
  },
  'error-answers-nosniff': {
    knative: 'A 504 of a timeout has no `X-Content-Type-Options`.',
    ours: 'It has `nosniff`, as every other error text.',
    reason: 'One rule for all answers of ours.',
  },
  'every-problem-at-once': {
    knative: 'A start names the first variable that is missing.',
    ours: 'It names all of them, in the same words and order.',
    reason: 'One look is enough to repair a configuration.',
  },
  'final-status-kept': {
    knative: 'After a 1xx the final status of the application is lost, and the client gets 200.',
    ours: 'The client gets the status of the application.',
    reason: 'A 404 must not become a 200.',
  },
  'forwarded-is-valid': {
    knative: 'Nodes with a port, in brackets or empty make a `Forwarded` that is not valid.',
    ours: 'What is made is always valid by RFC 7239; empty nodes are left out.',
    reason: 'Who reads the field with a parser would drop it.',
  },
  'forwarded-reads-every-line': {
    knative: '`Forwarded` is made of the first line of `X-Forwarded-For`.',
    ours: 'It is made of all lines.',
    reason: 'Several lines are one list (RFC 9110, section 5.3); a proxy would be missing otherwise.',
  },
  'full-duplex-always': {
    knative: 'Over HTTP/1.1 an answer waits for the end of the request, unless an annotation says otherwise.',
    ours: 'Both directions always flow at the same time.',
    reason: 'Nobody knows the annotation until requests hang or fail.',
  },
  'goaway-at-the-end': {
    knative: 'A client of h2c is not told of the end; its connection is cut when the process ends.',
    ours: 'It gets GOAWAY, and its streams are finished.',
    reason: 'A client that knows sends its next request elsewhere and loses nothing.',
  },
  'grpc-timeout-honoured': {
    knative: '`grpc-timeout` is only passed on.',
    ours: 'The request ends with 504 when it has run out.',
    reason: 'Nobody waits for that answer any more, and its place is free for others.',
  },
  'host-must-be-one': {
    knative: 'Whatever stands in `K-Original-Host` becomes the host.',
    ours: 'What is no host is refused with 400.',
    reason: 'What we could not parse is not sent on.',
  },
  'idle-counts-both-directions': {
    knative: 'Only bytes of the response keep a request from being idle.',
    ours: 'Bytes of the request do, too.',
    reason: 'A long upload is not idle.',
  },
  'idle-from-dispatch': {
    knative: 'The idle timeout runs while a request waits for its place.',
    ours: 'It runs from when the request is sent to the application.',
    reason:
      'An application is not idle before it was asked; the wait has a clock of its own (`QUEUE_TIMEOUT_SECONDS`).',
  },
  'malformed-h2-is-reset': {
    knative: 'HTTP/2 requests with fields of a connection are answered with 400.',
    ours: 'Their streams are reset.',
    reason: 'They are malformed (RFC 9113, section 8.1.1), and the HTTP/2 library treats them so.',
  },
  'markers-of-trusted-peers': {
    knative: 'Probe markers, `K-*` and `X-Forwarded-*` are believed of everybody.',
    ours: '`QUEUE_TRUSTED_PEERS` says of whom they are; by default of everybody.',
    reason:
      'Without it any client that reaches the port can hide its load, pass by the limit or choose its host.',
  },
  'no-h2c-upgrade': {
    knative: '`Upgrade: h2c` switches to HTTP/2.',
    ours: 'It is ignored, and the request is answered over HTTP/1.1.',
    reason:
      'RFC 9113 did away with it, no client of Knative uses it, and proxies were smuggled through by it.',
  },
  'null-probe-survived': {
    knative: 'A container without a probe, among several, ends the process at the first probe.',
    ours: 'It is a probe that is never ready.',
    reason: 'The kubelet sees a pod that is not ready, and the log says why.',
  },
  'overload-explained': {
    knative: 'A 503 of a full queue says nothing of when to come back.',
    ours: 'It has `Retry-After`, computed from how fast places get free, and `Proxy-Status`.',
    reason: 'Clients that wait as long as it takes make less overload than those that guess.',
  },
  'probe-certificate-as-kubelet': {
    knative: 'HTTPS probes verify the certificate of the application.',
    ours: 'They do not.',
    reason: 'The kubelet does not either; applications that sign for themselves were never ready.',
  },
  'probe-headers-as-kubelet': {
    knative: '`Host` and `User-Agent` in the `httpHeaders` of a probe are ignored.',
    ours: 'They are sent.',
    reason: 'The kubelet sends them, and virtual hosts need them.',
  },
  'probe-held-until-ready': {
    knative: '`Prefer: wait` of a probe is ignored: the answer is what one look gives.',
    ours: 'The probe is held and answered when the application is ready.',
    reason: 'Whoever polls loses half an interval at every cold start.',
  },
  'proxy-status': {
    knative: 'Answers of the queue-proxy look like those of the application.',
    ours: 'They carry `Proxy-Status` (RFC 9209) with what happened.',
    reason: 'The first question of every incident is who answered.',
  },
  'queue-depth-is-current': {
    knative: '`kn.serving.queue.depth` is what it was when the last request was admitted.',
    ours: 'It is what it is when it is read.',
    reason: 'An idle pod must not look busy.',
  },
  'redirect-as-kubelet': {
    knative: 'A redirect of a probe is followed to any host.',
    ours: 'It is followed on the same host only; one to another host is a success.',
    reason: 'This is what the kubelet does.',
  },
  'refusal-instead-of-waiting': {
    knative: '`Pilotlight-Refuse` is a field like any other: the request waits.',
    ours: 'With `when-busy` it is refused at once when no place is free, and answers say how many are.',
    reason: 'An activator can ask another instance instead; without the field nothing changes.',
  },
  'request-log-is-json': {
    knative: 'The default template of the request log is not JSON when there is an apostrophe in it.',
    ours: 'It always is.',
    reason: 'A line that cannot be parsed is a line that is lost.',
  },
  'request-trailers-arrive': {
    knative: 'Trailers of a request are lost.',
    ours: 'They reach the application.',
    reason: 'They are a part of the message.',
  },
  'sent-as-it-comes': {
    knative:
      'The first 2 KiB of a body with a length are kept back; when the application dies nothing is sent.',
    ours: 'What comes is sent at once.',
    reason: 'First bytes are not delayed, and the client sees how far it got.',
  },
  'strict-requests': {
    knative:
      'Accepted: length and chunks together, a repeated length, folded lines, lines without CR, chunks in HTTP/1.0.',
    ours: 'Each of them is refused with 400, and the connection is closed.',
    reason: 'Two parsers that disagree on where a message ends are what request smuggling is made of.',
  },
  'timeout-zero-is-none': {
    knative: 'With `REVISION_TIMEOUT_SECONDS=0` every request times out at once.',
    ours: 'It is no timeout.',
    reason: 'It is what 0 means for the other two.',
  },
  'type-not-guessed': {
    knative: 'A response without `Content-Type` gets one that is guessed from its body.',
    ours: 'It stays as it is.',
    reason: 'A body that a user uploaded must not become HTML because it looks like it.',
  },
  'upgrade-early-bytes': {
    knative: 'Bytes that come in one read with an upgrade request are lost.',
    ours: 'They reach the application.',
    reason: 'A client may send them, and a protocol that misses its first bytes hangs.',
  },
  'upgraded-half-close': {
    knative: 'When the client ends its direction of an upgraded connection both are torn down.',
    ours: 'The application sees the end and can still answer.',
    reason: 'Protocols that end by it lose their last answer otherwise.',
  },
  'upgraded-live-by-idle-time': {
    knative: 'Upgraded connections end by the total and the response-start timeout, even in use.',
    ours: 'They end when they are idle for too long, or by a lifetime that is set for them.',
    reason: 'A WebSocket that is in use has no total.',
  },
  'upstream-error-text': {
    knative: 'The body of a 502 for a broken response is an error text of Go.',
    ours: 'It is a sentence of ours; the details are in the log. What people search for (`EOF`, `connection refused`) is the same.',
    reason: 'Details of a broken response are for the operator, not for the client.',
  },
  'websocket-close-frame': {
    knative: 'WebSockets that are left at the end of a drain are cut.',
    ours: 'Both ends get a close frame with 1001 first.',
    reason: 'A client that is told to go away reconnects; one that is cut reports an error.',
  },
} as const satisfies Readonly<Record<string, Difference>>

/** Id of a difference. */
export type DifferenceId = keyof typeof differences

/** The table as lines of text, for the end of a run. */
export function differencesTable(): string[] {
  return Object.entries(differences).flatMap(([id, { knative, ours, reason }]) => [
    id,
    `  Knative: ${knative}`,
    `  ours:    ${ours}`,
    `  reason:  ${reason}`,
  ])
}
