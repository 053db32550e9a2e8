import { Socket } from 'node:net'
import type { Attempt, ProbeOutcome } from './attempt.ts'
import { dial } from './dial.ts'
import type { TcpSocketAction } from './probe-action.ts'

/** Connects and closes at once. Nothing is sent. */
export async function probeTcp(action: TcpSocketAction, attempt: Attempt): Promise<ProbeOutcome> {
  const dialled = await dial(action.host, action.port, `${action.host}:${action.port}`, attempt)
  if (!(dialled instanceof Socket)) return dialled
  dialled.destroy()
  return null
}
