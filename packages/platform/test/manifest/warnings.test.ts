import t from 'tap'
import { problemsOf, service, warningsOf } from './reading.ts'

const POD = 'spec.template.spec'
const CONTAINER = `${POD}.containers[0]`

t.test('fields of a pod and of a container that mean something in a cluster only', async (t) => {
  const text = service(
    `imagePullPolicy: Always
volumeMounts: [{name: a, mountPath: /a}]
securityContext: {runAsUser: 5}
ports: [{containerPort: 8080}]
resources: {requests: {cpu: 1}, limits: {ephemeral-storage: 1G}}`,
    `serviceAccountName: me
nodeSelector: {a: b}
enableServiceLinks: true
initContainers: [{image: a}]`,
  )
  t.strictSame(problemsOf(text), [])
  t.strictSame(warningsOf(text), [
    `a.yaml:8: ${POD}.serviceAccountName has no effect: the services run as processes of this machine, not in a cluster`,
    `a.yaml:9: ${POD}.nodeSelector has no effect: there is one machine only`,
    `a.yaml:10: ${POD}.enableServiceLinks has no effect: no variables of other services are set here`,
    `a.yaml:11: ${POD}.initContainers has no effect: it is not run here: do by hand what it does`,
    `a.yaml:14: ${CONTAINER}.imagePullPolicy has no effect: no image is run here`,
    `a.yaml:15: ${CONTAINER}.volumeMounts has no effect: the processes see the files of this machine`,
    `a.yaml:16: ${CONTAINER}.securityContext has no effect: the processes run as the user who starts them`,
    `a.yaml:17: ${CONTAINER}.ports[0].containerPort has no effect: each instance has a free port, which its app gets as $PORT`,
    `a.yaml:18: ${CONTAINER}.resources.limits.ephemeral-storage has no effect: only cpu and memory are limited here`,
    `a.yaml:18: ${CONTAINER}.resources.requests has no effect: nothing is reserved on this machine; resources.limits are what counts`,
  ])
})

t.test('they are of a kind all the same', async (t) => {
  t.strictSame(
    problemsOf(service('volumeMounts: x\nimagePullPolicy: 5', 'nodeSelector: []\nhostNetwork: "yes"')),
    [
      `a.yaml:8: ${POD}.nodeSelector is a list: it must be a map`,
      `a.yaml:9: ${POD}.hostNetwork is "yes": it must be true or false`,
      `a.yaml:12: ${CONTAINER}.volumeMounts is "x": it must be a list`,
      `a.yaml:13: ${CONTAINER}.imagePullPolicy is 5: it must be a text`,
    ],
  )
})

t.test('empty ones say nothing', async (t) => {
  t.strictSame(warningsOf(service('volumeMounts: []\nsecurityContext: {}', 'tolerations: []\nvolumes:')), [])
})

t.test('annotations and labels', async (t) => {
  const text = service('').replace(
    '    spec:\n',
    `    metadata:
      labels: {networking.knative.dev/visibility: cluster-local}
      annotations:
        autoscaling.knative.dev/target-burst-capacity: "0"
        autoscaling.knative.dev/min-scal: "1"
        autoscaling.knative.dev/something-else: "1"
        serving.knative.dev/rollout-duration: 10s
        features.knative.dev/http-full-duplex: Enabled
    spec:
`,
  )
  const at = 'spec.template.metadata.annotations'
  t.strictSame(problemsOf(text), [])
  t.strictSame(warningsOf(text), [
    'a.yaml:8: spec.template.metadata.labels["networking.knative.dev/visibility"] has no effect: there is no ingress here: every service is reached from this machine only',
    `a.yaml:10: ${at}["autoscaling.knative.dev/target-burst-capacity"] has no effect: the activator is always in the path here`,
    `a.yaml:11: ${at}["autoscaling.knative.dev/min-scal"] has no effect: did you mean min-scale?`,
    `a.yaml:12: ${at}["autoscaling.knative.dev/something-else"] has no effect: the autoscaler knows none of this name`,
    `a.yaml:13: ${at}["serving.knative.dev/rollout-duration"] has no effect: all requests move to a new revision once it is ready`,
  ])
  t.strictSame(
    warningsOf(text.replace('capacity: "0"', 'capacity: "-1"')).length,
    4,
    'always in the path is as asked',
  )
})

t.test('annotations about scaling that cannot be', async (t) => {
  const annotated = (lines: string): readonly string[] =>
    problemsOf(service('').replace('    spec:\n', `    metadata: {annotations: {${lines}}}\n    spec:\n`))
  const at = 'a.yaml:7: spec.template.metadata.annotations'
  t.strictSame(annotated('autoscaling.knative.dev/class: hpa.autoscaling.knative.dev'), [
    `${at}["autoscaling.knative.dev/class"] is "hpa.autoscaling.knative.dev": it must be kpa.autoscaling.knative.dev to be scaled here`,
  ])
  t.strictSame(annotated('autoscaling.knative.dev/minScale: "5", autoscaling.knative.dev/max-scale: "3"'), [
    `${at}["autoscaling.knative.dev/max-scale"] is "3": it must be at least min-scale, which is 5`,
  ])
  t.strictSame(annotated('serving.knative.dev/progress-deadline: soon'), [
    `${at}["serving.knative.dev/progress-deadline"] is "soon": it must be a duration of whole seconds, at least 0s`,
  ])
  t.strictSame(
    problemsOf(
      service('').replace(
        'name: hello',
        'name: hello\n  annotations: {autoscaling.knative.dev/min-scale: "1"}',
      ),
    ),
    [
      'a.yaml:5: metadata.annotations["autoscaling.knative.dev/min-scale"] is at the Service: it must be one of spec.template.metadata.annotations to count',
    ],
  )
})

t.test('of very many, the first ones are told', async (t) => {
  const annotations = Array.from({ length: 1500 }, (_, i) => `networking.knative.dev/x${i}: a`)
  const all = warningsOf(
    service('').replace('name: hello', `name: hello\n  annotations: {${annotations.join(', ')}}`),
  )
  t.equal(all.length, 1001)
  t.equal(all.at(-1), 'a.yaml:5: there are 500 more warnings')
})
