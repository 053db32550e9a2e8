import { delimiter } from 'node:path'

/** What the activator is told. */
export interface ActivatorOptions {
  /** Paths; `-` is standard input. */
  readonly manifests: readonly string[]
  /** Command lines by service. */
  readonly commands: ReadonlyMap<string, string>
  /** The address on which requests come in. */
  readonly host: string
  /** 0 is any free port; so it is for the admin port. */
  readonly port: number
  readonly adminPort: number
  readonly hasPage: boolean
  readonly logLevel: string
}

/** The environment of an activator with the local platform, on top of that of the command. docs/reference/activator.md has the variables. */
export function activatorEnvironment(
  options: ActivatorOptions,
  inherited: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return {
    ...inherited,
    ACTIVATOR_PLATFORM: 'local',
    ACTIVATOR_MANIFESTS: options.manifests.join(delimiter),
    ACTIVATOR_COMMANDS: JSON.stringify(Object.fromEntries(options.commands)),
    ACTIVATOR_HOST: options.host,
    ACTIVATOR_HTTP_PORT: String(options.port),
    // The port for requests speaks HTTP/2 as well; Knative's second one is in nobody's way on a free port.
    ACTIVATOR_H2C_PORT: '0',
    ACTIVATOR_ADMIN_PORT: String(options.adminPort),
    ACTIVATOR_ADMIN_HOST: '127.0.0.1',
    ACTIVATOR_ADMIN_PAGE: String(options.hasPage),
    ACTIVATOR_LIFELINE: 'ipc',
    ACTIVATOR_LOGGING_LEVEL: options.logLevel,
    // There is no load balancer that has to learn of the end first, and nobody wants to wait for it.
    ACTIVATOR_DRAIN_SECONDS: '0',
    ACTIVATOR_DRAIN_TUNNEL_SECONDS: '0',
  }
}
