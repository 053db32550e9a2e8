import { isIPv6 } from 'node:net'

const PORT_MAX = 65_535
const HOST = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/i
const RULE = 'host:port with an IP address or a host name (IPv6 in brackets) and a port from 1 to 65535'

/** What an address must be when it is not `host:port`; empty when it is. */
export function addressProblem(address: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(address)
  if (match === null) return RULE
  const [, bracketed, host, port] = match
  const isHost = bracketed === undefined ? HOST.test(host) : isIPv6(bracketed)
  return isHost && Number(port) >= 1 && Number(port) <= PORT_MAX ? '' : RULE
}
