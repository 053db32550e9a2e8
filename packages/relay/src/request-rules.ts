import { listElements, type RequestHead } from '@pilotlight/http1'

/** Idempotent by its method (RFC 9110 section 9.2.2), or because the client says so with an Idempotency-Key. */
export function isIdempotent(request: RequestHead): boolean {
  switch (request.method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
    case 'TRACE':
    case 'PUT':
    case 'DELETE':
      return true
    default:
      return request.indexOf('idempotency-key') >= 0 || request.indexOf('x-idempotency-key') >= 0
  }
}

/** Whether every protocol of the answer is one that was asked for (RFC 9110 section 7.8), ignoring case. */
export function offers(requested: string, answered: string): boolean {
  if (requested === '' || answered === '') return false
  const asked = listElements(requested.toLowerCase())
  return listElements(answered.toLowerCase()).every((protocol) => asked.includes(protocol))
}
