import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import { errorAnswer, ownAnswer, ownH2Answer, textAnswer } from './answers.ts'

const KUBELET = 'User-Agent: kube-probe/1.31'
const ACTIVATOR = 'User-Agent: Knative-Activator-Probe'
const AUTOSCALER = 'User-Agent: Knative-Autoscaling-Probe'
const READY = textAnswer(200, 'queue')
const unexpected = (value: string) => errorAnswer(400, `unexpected probe header value: ${value}\n`)

/** What a probe with these fields is answered, and how many requests the application saw of it. */
const probing =
  (path: string, ...fields: string[]) =>
  async (scene: Scene): Promise<Record<string, unknown>> => {
    const before = scene.app.seen(path).length
    const answer = ownAnswer(await scene.asks(path, { fields }))
    return { ...answer, atApp: scene.app.seen(path).length - before }
  }

const byUs = (answer: Record<string, unknown>) => ({ ...answer, atApp: 0 })
const byApp = { status: 200, body: 'ok', 'content-type': 'text/plain', 'content-length': '2', atApp: 1 }

export const probes: Group[] = [
  {
    name: 'probes: answers',
    environment: {},
    scenarios: [
      same('of the kubelet', probing('/', KUBELET, 'K-Network-Probe: queue'), byUs(READY)),
      same('of the activator', probing('/healthz', ACTIVATOR, 'K-Network-Probe: queue'), byUs(READY)),
      same('on any path', probing('/a/b?c', KUBELET, 'K-Network-Probe: queue'), byUs(READY)),
      same(
        'of the autoscaler, which looks for the activator',
        probing('/healthz', AUTOSCALER, 'K-Network-Probe: activator'),
        byUs(unexpected('activator')),
      ),
      same('without the probe field', probing('/', KUBELET), byUs(unexpected(''))),
      same(
        'with an unknown value',
        probing('/', ACTIVATOR, 'K-Network-Probe: Queue'),
        byUs(unexpected('Queue')),
      ),
      same(
        'the user agent is recognised by how it starts',
        probing('/', `${ACTIVATOR}/2.0 (new)`, 'K-Network-Probe: queue'),
        byUs(READY),
      ),
      same(
        'and in its exact letters',
        probing('/case', 'User-Agent: Kube-Probe/1.31', 'K-Network-Probe: queue'),
        byApp,
      ),
      same(
        'a field name in other letters is the same field',
        probing('/', 'user-agent: kube-probe/1.31', 'k-nEtWoRk-PrObE: queue'),
        byUs(READY),
      ),
      same(
        'the first of two fields counts',
        probing('/', KUBELET, 'K-Network-Probe: queue', 'K-Network-Probe: other'),
        byUs(READY),
      ),
      same(
        'of an ingress, with a hash',
        async (scene) => {
          const fields = [
            'User-Agent: Knative-Ingress-Probe',
            'K-Network-Probe: probe',
            'K-Network-Hash: 1a2b',
          ]
          const answer = await scene.asks('/hash', { fields })
          const { status, body } = answer
          return {
            status,
            body,
            hash: answer.fields.get('K-Network-Hash'),
            atApp: scene.app.seen('/hash').length,
          }
        },
        { status: 200, body: '', hash: '1a2b', atApp: 0 },
      ),
      same(
        'of an ingress, without a hash',
        probing('/', 'K-Network-Probe: probe'),
        byUs(errorAnswer(400, 'a probe request must contain a non-empty "K-Network-Hash" header\n')),
      ),
      same(
        'another value, from anyone, goes to the application',
        probing('/queue', 'K-Network-Probe: queue'),
        byApp,
      ),
      same(
        'what the kubelet marks goes to the application',
        probing('/kubelet', 'K-Kubelet-Probe: x'),
        byApp,
      ),
      same(
        'over HTTP/2 on the same port',
        async (scene) => {
          const client = await scene.h2()
          const headers = { 'user-agent': 'kube-probe/1.31', 'k-network-probe': 'queue' }
          return ownH2Answer(await client.asks('/', headers))
        },
        { status: 200, body: 'queue', type: 'text/plain; charset=utf-8' },
      ),
    ],
  },
  {
    name: 'probes: an application that starts late',
    environment: {
      SERVING_READINESS_PROBE:
        '{"tcpSocket":{"port":1,"host":"127.0.0.1"},"periodSeconds":1,"timeoutSeconds":1}',
    },
    scenarios: [
      same(
        'not ready is 503 without a body',
        async (scene) => {
          const { status, body } = await probing('/', KUBELET, 'K-Network-Probe: queue')(scene)
          return { status, body }
        },
        { status: 503, body: '' },
      ),
    ],
  },
  {
    name: 'probes: held until ready',
    environment: null,
    scenarios: [
      differs(
        'a probe that says how long it waits is answered when the application is ready',
        'probe-held-until-ready',
        async (scene) => {
          const { port } = scene.app
          await scene.app.stopListening()
          const probe = { tcpSocket: { port, host: '127.0.0.1' }, periodSeconds: 1, timeoutSeconds: 1 }
          const subject = await scene.another({ SERVING_READINESS_PROBE: JSON.stringify(probe) })
          const client = await scene.client(subject.ports.main)
          client.sends('/', { fields: [KUBELET, 'K-Network-Probe: queue', 'Prefer: wait=10'] })
          // The second probe is answered behind the first one's look at the port.
          await scene.asks('/', { fields: [KUBELET, 'K-Network-Probe: queue'] }, subject.ports.main)
          await scene.app.listen(port)
          const answer = await client.answer()
          return { status: answer?.status, applied: answer?.fields.get('Preference-Applied') }
        },
        { status: 503, applied: null },
        { status: 200, applied: 'wait' },
      ),
    ],
  },
]
