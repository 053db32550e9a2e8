/**
 * Methods that are told apart in metrics and traces, those Go's `net/http` has names for; the last is every other one.
 */
export const KNOWN_METHODS = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'CONNECT',
  'TRACE',
  '_OTHER',
] as const

/** Place of the methods that are not known. */
export const OTHER_METHOD: number = KNOWN_METHODS.length - 1

/** Longest of the known methods, characters. */
const LENGTH_MAX = 7

const G = 0x47
const E = 0x45
const T = 0x54

/** Place of a method in {@link KNOWN_METHODS}, in whatever case it is written, as in Knative. */
export function methodIndex(method: string): number {
  // Most requests are this one, and a method is a piece of a head: comparing texts takes longer than looking at three letters.
  if (
    method.length === 3 &&
    method.charCodeAt(0) === G &&
    method.charCodeAt(1) === E &&
    method.charCodeAt(2) === T
  )
    return 0
  const index = exactIndex(method)
  return index === OTHER_METHOD && method.length <= LENGTH_MAX ? exactIndex(method.toUpperCase()) : index
}

function exactIndex(method: string): number {
  switch (method) {
    case 'GET':
      return 0
    case 'POST':
      return 1
    case 'PUT':
      return 2
    case 'DELETE':
      return 3
    case 'HEAD':
      return 4
    case 'OPTIONS':
      return 5
    case 'PATCH':
      return 6
    case 'CONNECT':
      return 7
    case 'TRACE':
      return 8
    default:
      return OTHER_METHOD
  }
}
