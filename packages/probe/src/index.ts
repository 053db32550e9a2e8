/** One attempt of a Kubernetes probe: TCP, HTTP, gRPC. */
export type { ProbeAction } from './probe-action.ts'
