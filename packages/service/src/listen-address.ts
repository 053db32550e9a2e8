import { isIP } from 'node:net'
import type { Environment } from '@pilotlight/telemetry'

/** Stands for every address of the machine. */
const EVERY_ADDRESS = '::'

/** The address on which ports are open, by the variable `name`: an IP address, or `::` for all of them, when it is empty. */
export function readListenAddress(env: Environment, name: string): string {
  const address = env.text(name, '')
  if (address === '') return EVERY_ADDRESS
  if (isIP(address) !== 0) return address
  env.problems.push(
    `${name} is ${JSON.stringify(address)}: it must be an IP address of this machine, such as 127.0.0.1; empty is all of them`,
  )
  return EVERY_ADDRESS
}
