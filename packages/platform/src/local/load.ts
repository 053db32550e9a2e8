import type { Platform } from '../platform.ts'
import type { LocalPlatformOptions } from './local-platform.ts'

/** Makes a local platform. It is loaded only then: an activator in a cluster has nothing of it in its memory. */
export async function loadLocalPlatform(options: LocalPlatformOptions): Promise<Platform> {
  const { LocalPlatform } = await import('./local-platform.ts')
  return new LocalPlatform(options)
}
