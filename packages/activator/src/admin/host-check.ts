import { isIP } from 'node:net'

const PORT = /:\d{0,5}$/

/**
 * Whether a request with this Host may be answered on a port that only this machine reaches. A page from elsewhere can have its own name
 * resolve to this machine and read what is here; under an address, or `localhost`, it cannot.
 */
export function isLocalHost(host: string | undefined): boolean {
  if (host === undefined) return false
  const name = host.replace(PORT, '').toLowerCase()
  if (name.startsWith('[') && name.endsWith(']')) return isIP(name.slice(1, -1)) === 6
  return isIP(name) === 4 || name === 'localhost' || name.endsWith('.localhost')
}

/** Whether only this machine reaches an IP address. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./i.test(address)
}
