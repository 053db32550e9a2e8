import { Environment } from '@pilotlight/telemetry'
import t from 'tap'
import { ownAttributes } from '../src/own-attributes.ts'
import { readSettings } from '../src/settings.ts'

type Values = Record<string, string>

const of = (values: Values): Readonly<Record<string, string>> =>
  ownAttributes(new Environment(values), 'unknown')

const ALL = {
  SERVING_NAMESPACE: 'ns',
  SERVING_SERVICE: 'svc',
  SERVING_CONFIGURATION: 'cfg',
  SERVING_REVISION: 'rev',
  SERVING_POD: 'pod',
  HOSTNAME: 'machine',
}

t.test('they are those Knative gives its resource', async (t) => {
  t.strictSame(of(ALL), {
    'service.name': 'svc',
    'service.version': 'unknown',
    'service.instance.id': 'pod',
    'container.name': 'queue-proxy',
    'k8s.namespace.name': 'ns',
    'k8s.pod.name': 'pod',
    'kn.service.name': 'svc',
    'kn.configuration.name': 'cfg',
    'kn.revision.name': 'rev',
  })
  t.equal(of({ ...ALL, POD_NAME: 'other' })['k8s.pod.name'], 'other')
})

t.test('the name is the first that is known', async (t) => {
  const name = (values: Values): string => of(values)['service.name']
  t.equal(name({ ...ALL, OTEL_SERVICE_NAME: 'own' }), 'own')
  t.equal(name({ ...ALL, SERVING_SERVICE: '' }), 'cfg')
  t.equal(name({ ...ALL, SERVING_SERVICE: '', SERVING_CONFIGURATION: '' }), 'rev')
  t.equal(name({ HOSTNAME: 'machine' }), 'machine')
})

t.test('the settings have them, with others beside them and without what is empty', async (t) => {
  const { resource } = readSettings({ ...ALL, SERVING_SERVICE: '', OTEL_RESOURCE_ATTRIBUTES: 'team=a' })
    .settings.observability
  t.match(resource, { team: 'a', 'service.name': 'cfg', 'kn.revision.name': 'rev' })
  t.notOk('kn.service.name' in resource)
})

t.test("the metrics page is on Knative's port", async (t) => {
  const config = '{"requestMetrics":{"protocol":"prometheus"}}'
  const { metrics } = readSettings({ ...ALL, OBSERVABILITY_CONFIG: config }).settings.observability
  t.match(metrics, { protocol: 'prometheus', listen: { port: 9091 } })
})
