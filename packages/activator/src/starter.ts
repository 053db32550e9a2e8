import type { PortNumbers } from './activator.ts'

/** What the process that started this one is told over its IPC channel. */
export type StarterMessage =
  | { readonly type: 'ready'; readonly ports: PortNumbers }
  /** Every problem, one per line; the process ends after it. */
  | { readonly type: 'failed'; readonly message: string }

/** Calls `onGone` once the process that started this one is gone: then there is nobody to work for. */
export function watchStarter(onGone: () => void): void {
  if (process.connected) process.once('disconnect', onGone)
}

/** Tells the process that started this one, if it listens. Resolves when the message is on its way, or cannot be sent. */
export async function tellStarter(message: StarterMessage): Promise<void> {
  if (!process.connected) return
  await new Promise<void>((resolve) => process.send!(message, () => resolve()))
}
