import t from 'tap'
import type { ContainerSpec } from '../../src/manifest/manifest-set.ts'
import { problemsOf, read, service } from './reading.ts'

const CONTAINER = 'spec.template.spec.containers[0]'
const NO_ACTION = 'has no action: it must have one of httpGet, tcpSocket, grpc, exec'
const containerOf = (lines: string): ContainerSpec => read(service(lines)).services[0].template.containers[0]

t.test('ports: none and the declared one stand for the app', async (t) => {
  const portOf = (port: string, ports = ''): unknown => {
    const { readiness } = containerOf(`readinessProbe: {tcpSocket: {${port}}}\n${ports}`)
    return (readiness!.action as { readonly port: string }).port
  }
  t.equal(portOf(''), '0')
  t.equal(portOf('port: 0'), '0')
  t.equal(portOf('port: 8080'), '0', "Knative's default")
  t.equal(portOf('port: 9000'), '9000')
  t.equal(portOf('port: 9000', 'ports: [{containerPort: 9000}]'), '0')
  t.equal(portOf('port: 8080', 'ports: [{containerPort: 9000}]'), '8080')
  t.equal(portOf('port: h2c', 'ports: [{name: h2c}]'), '0')
  t.strictSame(problemsOf(service('livenessProbe: {httpGet: {port: web}}')), [
    `a.yaml:10: ${CONTAINER}.livenessProbe.httpGet.port is "web": it must be a number from 0 to 65535`,
  ])
})

t.test('a readiness probe that says nothing is a connection, tried closely', async (t) => {
  t.strictSame(containerOf('readinessProbe: {}').readiness, {
    action: { kind: 'tcpSocket', host: '', port: '0' },
    initialDelayMs: 0,
    timeoutMs: 1000,
    periodMs: 0,
    successThreshold: 1,
    failureThreshold: 3,
  })
  t.strictSame(problemsOf(service('readinessProbe: {timeoutSeconds: 2, failureThreshold: 4}')), [
    `a.yaml:10: ${CONTAINER}.readinessProbe.timeoutSeconds is 2: it must be left out as long as periodSeconds is 0 or left out`,
    `a.yaml:10: ${CONTAINER}.readinessProbe.failureThreshold is 4: it must be left out as long as periodSeconds is 0 or left out`,
  ])
  t.match(containerOf('readinessProbe: {periodSeconds: 2, timeoutSeconds: 4}').readiness, {
    periodMs: 2000,
    timeoutMs: 4000,
    failureThreshold: 3,
  })
})

t.test('liveness and startup need an action, and one success', async (t) => {
  t.strictSame(problemsOf(service('livenessProbe: {}\nstartupProbe: {periodSeconds: 1}')), [
    `a.yaml:10: ${CONTAINER}.livenessProbe ${NO_ACTION}`,
    `a.yaml:11: ${CONTAINER}.startupProbe ${NO_ACTION}`,
  ])
  t.strictSame(problemsOf(service('startupProbe: {grpc: {}, successThreshold: 3}')), [
    `a.yaml:10: ${CONTAINER}.startupProbe.successThreshold is 3: it must be 1`,
  ])
  t.match(containerOf('livenessProbe: {httpGet: {}}').liveness, {
    action: { kind: 'httpGet', path: '/', scheme: 'HTTP', port: '0' },
    periodMs: 10_000,
    timeoutMs: 1000,
  })
})

t.test('one action only', async (t) => {
  t.strictSame(problemsOf(service('livenessProbe: {httpGet: {}, exec: {command: [a]}}')), [
    `a.yaml:10: ${CONTAINER}.livenessProbe has httpGet and exec: it must have one of them`,
  ])
  t.strictSame(problemsOf(service('livenessProbe: {exec: {}}\nreadinessProbe: {exec: {command: []}}')), [
    `a.yaml:10: ${CONTAINER}.livenessProbe.exec.command is missing: it must be a list of texts: a program and its arguments`,
    `a.yaml:11: ${CONTAINER}.readinessProbe.exec.command is empty: it must be a list of texts: a program and its arguments`,
  ])
  t.strictSame(problemsOf(service('livenessProbe: {httpget: {}}')), [
    `a.yaml:10: ${CONTAINER}.livenessProbe ${NO_ACTION}`,
    `a.yaml:10: ${CONTAINER}.livenessProbe.httpget is not known: did you mean httpGet?`,
  ])
})
