import { isIP } from 'node:net'
import type { Environment } from '@pilotlight/telemetry'

/** What the admin port is told. */
export interface AdminSettings {
  /** The address on which it is open. */
  readonly host: string
  /** 0 is any free port. */
  readonly port: number
  /** Whether it shows the live page. */
  readonly hasPage: boolean
}

const LOOPBACK = '127.0.0.1'

/** Reads where the admin port is; null for none. docs/reference/activator.md has the variables. */
export function readAdmin(env: Environment): AdminSettings | null {
  const isOpen = env.text('ACTIVATOR_ADMIN_PORT', '') !== ''
  const settings = {
    host: readHost(env),
    port: env.port('ACTIVATOR_ADMIN_PORT', 0),
    hasPage: env.flag('ACTIVATOR_ADMIN_PAGE', 'AdminPage', true),
  }
  return isOpen ? settings : null
}

function readHost(env: Environment): string {
  const host = env.text('ACTIVATOR_ADMIN_HOST', '') || LOOPBACK
  if (isIP(host) !== 0) return host
  env.problems.push(
    `ACTIVATOR_ADMIN_HOST is ${JSON.stringify(host)}: it must be an IP address of this machine, such as 127.0.0.1, or "::" for all of them`,
  )
  return LOOPBACK
}
