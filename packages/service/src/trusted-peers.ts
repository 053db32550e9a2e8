import { BlockList, isIP } from 'node:net'

/** Remembered answers; beyond it they are forgotten, so that many peers cannot fill memory. */
const REMEMBERED_MAX = 1024

/**
 * From whom fields that steer us are believed: probe markers, K-*, X-Forwarded-*. Everybody else's are treated as if
 * they had not been sent, and do not reach the app.
 */
export class TrustedPeers {
  readonly #networks = new BlockList()
  readonly #known = new Map<string, boolean>()

  /**
   * `networks` are addresses and CIDRs with commas between, the value of `variable`. What is wrong is appended to
   * `problems`, one sentence each.
   */
  constructor(networks: string, variable: string, problems: string[]) {
    for (const network of networks.split(',').map((one) => one.trim())) {
      if (!this.#add(network)) {
        problems.push(
          `${variable} has ${JSON.stringify(network)}: it must be an IP address or a network such as 10.0.0.0/8, or * alone for everybody`,
        )
      }
    }
  }

  #add(network: string): boolean {
    const [address, prefix, rest] = network.split('/')
    const version = isIP(address)
    if (version === 0 || rest !== undefined) return false
    const bits = version === 4 ? 32 : 128
    if (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)) return false
    this.#networks.addSubnet(
      address,
      prefix === undefined ? bits : Number(prefix),
      version === 4 ? 'ipv4' : 'ipv6',
    )
    return true
  }

  /** Whether this IP address is among them. */
  has(address: string): boolean {
    const known = this.#known.get(address)
    if (known !== undefined) return known
    const isTrusted =
      isIP(address) !== 0 && this.#networks.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear()
    this.#known.set(address, isTrusted)
    return isTrusted
  }
}
