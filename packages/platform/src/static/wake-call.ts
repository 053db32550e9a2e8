import type { RevisionName } from '../platform.ts'
import { postJson, type PostResult } from './json-post.ts'
import { DONE, type RunningWake, WakeOutcome, type WakeResult } from './wake-result.ts'

/** Wakes a revision by a POST of `{"namespace", "name"}`; 2xx says that it will be there. */
export function callWake(url: string, { namespace, name }: RevisionName, timeoutMs: number): RunningWake {
  const post = postJson(url, { namespace, name }, timeoutMs)
  return { result: post.result.then((result) => resultOf(result, timeoutMs)), stop: () => post.stop() }
}

function resultOf({ status, code, detail, isTimeout }: PostResult, timeoutMs: number): WakeResult {
  if (status >= 200 && status <= 299) return DONE
  if (isTimeout)
    return {
      outcome: WakeOutcome.Unknown,
      reason: `the wake-up call was not answered within ${timeoutMs / 1000} s`,
      detail: {},
    }
  const reason =
    status > 0 ? `the wake-up call was answered with status ${status}` : `the wake-up call failed: ${code}`
  return { outcome: WakeOutcome.Failed, reason, detail: { detail } }
}
