/** A field that a probe sends with its request. */
export interface HttpHeader {
  readonly name: string
  readonly value: string
}

/** GET that must be answered with a status from 200 to 399. */
export interface HttpGetAction {
  readonly kind: 'httpGet'
  /** As written, in any case; HTTP when it was empty, as kubelet takes it. */
  readonly scheme: string
  readonly host: string
  /** A number in digits. A name is kept, and makes each attempt fail as it does in Knative. */
  readonly port: string
  /** With or without the leading slash; may have a query. */
  readonly path: string
  readonly headers: readonly HttpHeader[]
}

/** A connection that must be accepted. */
export interface TcpSocketAction {
  readonly kind: 'tcpSocket'
  readonly host: string
  /** See {@link HttpGetAction.port}. */
  readonly port: string
}

/** `grpc.health.v1.Health/Check` that must say SERVING, on 127.0.0.1. */
export interface GrpcAction {
  readonly kind: 'grpc'
  readonly port: number
  readonly service: string
}

/** What one probe does. `exec` cannot run in a sidecar, `none` names nothing to do: both always fail. */
export type ProbeAction =
  HttpGetAction | TcpSocketAction | GrpcAction | { readonly kind: 'exec' } | { readonly kind: 'none' }
