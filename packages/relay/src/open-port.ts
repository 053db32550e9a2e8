import { isIP, type Server } from 'node:net'

/**
 * What `listen` of node:net calls in the end. It has kept this name for those who wrap it, so it is as public as something undocumented
 * can be. With `null` for the address it takes `::`, and 0.0.0.0 where there is no IPv6.
 */
type ListenInside = (
  address: string | null,
  port: number,
  family: 4 | 6,
  backlog: number,
  fd: undefined,
  flags: number,
) => void
const INSIDE = '_listen2'

/** Every address of the machine. */
const EVERY = '::'

/**
 * Has `server` listen at `host`, an IP address or a name; `::` is every address. `listening` and `error` are emitted as by its `listen`,
 * which before it opens a port loads node:dns, node:dgram, node:child_process and node:cluster: 3 of the 40 ms in which a sidecar starts
 * (docs/decisions/0024). A worker of node:cluster opens a port of its own.
 */
export function openPort(server: Server, host: string, port: number, backlog: number): void {
  const listen = Reflect.get(server, INSIDE) as ListenInside | undefined
  const family = host === EVERY ? 4 : isIP(host)
  if (listen !== undefined && family !== 0)
    listen.call(server, host === EVERY ? null : host, port, family as 4 | 6, backlog, undefined, 0)
  // Where there is no IPv6, Node takes 0.0.0.0 for no host, but fails for `::`.
  else server.listen({ ...(host === EVERY ? {} : { host }), port, backlog })
}
