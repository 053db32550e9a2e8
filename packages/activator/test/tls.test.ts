import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Answer, Scene } from './support/scene.ts'

const https = process.getBuiltinModule('node:https')
const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name)

/** A sidecar with TLS on a port of its own, whose probes are answered in plain text on another, as Knative has it. */
async function startSecureSidecar(t: Test, name: string): Promise<{ plain: string; tls: number }> {
  const http = process.getBuiltinModule('node:http')
  const probes = http.createServer((_request, response) => void response.end('queue'))
  const secure = https.createServer(
    { cert: readFileSync(fixture(`${name}-cert.pem`)), key: readFileSync(fixture(`${name}-key.pem`)) },
    (_request, response) => void response.end('secret'),
  )
  for (const server of [probes, secure]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.closeAllConnections())
    t.teardown(() => server.close())
  }
  const port = (server: { address(): unknown }): number => (server.address() as AddressInfo).port
  return { plain: `127.0.0.1:${port(probes)}`, tls: port(secure) }
}

t.test('requests go to sidecars over TLS when an authority is configured, probes do not', async (t) => {
  const sidecar = await startSecureSidecar(t, 'sidecar')
  const scene = await Scene.start(t, {
    env: {
      ACTIVATOR_UPSTREAM_CA_FILE: fixture('ca-cert.pem'),
      ACTIVATOR_UPSTREAM_TLS_PORT: String(sidecar.tls),
    },
  })
  scene.instances(sidecar.plain)
  t.equal((await scene.send().answer).body, 'secret')
})

t.test('a sidecar whose certificate is for another namespace gets no request', async (t) => {
  const sidecar = await startSecureSidecar(t, 'other')
  const scene = await Scene.start(t, {
    env: {
      ACTIVATOR_UPSTREAM_CA_FILE: fixture('ca-cert.pem'),
      ACTIVATOR_UPSTREAM_TLS_PORT: String(sidecar.tls),
      ACTIVATOR_QUEUE_TIMEOUT_SECONDS: '1',
    },
  })
  scene.instances(sidecar.plain)
  const answer = await scene.send().answer
  t.equal(answer.status, 503, 'it waits for one that may be trusted')
})

t.test('clients are served over TLS too when a certificate is configured', async (t) => {
  const scene = await Scene.start(t, {
    env: {
      ACTIVATOR_TLS_CERT_FILE: fixture('activator-cert.pem'),
      ACTIVATOR_TLS_KEY_FILE: fixture('activator-key.pem'),
      ACTIVATOR_TLS_PORT: '0',
    },
  })
  const answer = await new Promise<Partial<Answer>>((resolve, reject) => {
    https
      .get(
        {
          host: '127.0.0.1',
          port: scene.activator.ports['tls'],
          ca: readFileSync(fixture('ca-cert.pem')),
          headers: { 'K-Network-Probe': 'activator' },
          agent: false,
        },
        (response) => {
          let body = ''
          response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
          response.on('end', () => resolve({ status: response.statusCode!, body }))
        },
      )
      .on('error', reject)
  })
  t.strictSame(answer, { status: 200, body: 'activator' })
})
