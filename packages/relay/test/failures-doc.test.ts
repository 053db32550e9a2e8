import t from 'tap'
import { FAILURES } from '../src/failure.ts'
import { readDocTables } from './support/tables.ts'

const table = readDocTables('failures.md').get('Failures')!

t.test('docs/failures.md has a row for every failure, and no other', async (t) => {
  t.strictSame([...table.keys()], Object.keys(FAILURES))
})

t.test('a row says what the code does', async (t) => {
  for (const [name, row] of Object.entries(FAILURES)) {
    const [, cause, status, error, retry, outcome, why] = table.get(name) ?? []
    t.strictSame(
      [cause, status, error, retry, outcome],
      [
        row.source,
        row.status === 0 ? 'none' : String(row.status),
        row.proxyError === '' ? 'none' : row.proxyError,
        row.retry,
        row.outcome,
      ],
      name,
    )
    t.match(why, /^[A-Z`].{20,}\.$/, `${name} is explained in a sentence`)
  }
})

t.test('every status and error is one that exists', async (t) => {
  // RFC 9209 section 2.3.
  const known = [
    'dns_timeout',
    'dns_error',
    'destination_not_found',
    'destination_unavailable',
    'destination_ip_prohibited',
    'destination_ip_unroutable',
    'connection_refused',
    'connection_terminated',
    'connection_timeout',
    'connection_read_timeout',
    'connection_write_timeout',
    'connection_limit_reached',
    'tls_protocol_error',
    'tls_certificate_error',
    'tls_alert_received',
    'http_request_error',
    'http_request_denied',
    'http_response_incomplete',
    'http_response_header_section_size',
    'http_response_header_size',
    'http_response_body_size',
    'http_response_trailer_section_size',
    'http_response_trailer_size',
    'http_response_transfer_coding',
    'http_response_content_coding',
    'http_response_timeout',
    'http_upgrade_failed',
    'http_protocol_error',
    'proxy_internal_response',
    'proxy_internal_error',
    'proxy_configuration_error',
    'proxy_loop_detected',
  ]
  for (const [name, row] of Object.entries(FAILURES)) {
    t.ok(row.proxyError === '' || known.includes(row.proxyError), `${name}: ${row.proxyError}`)
    t.ok([0, 400, 502, 503, 504].includes(row.status), `${name}: ${row.status}`)
  }
})
