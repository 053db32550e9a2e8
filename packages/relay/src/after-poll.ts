/**
 * Calls `then` when the event loop has polled once more: what had reached this process by now, the end of a connection
 * above all, has been read by then.
 */
export function afterPoll(then: () => void): void {
  // Asked for from within a poll, the first of them runs before the next poll.
  setImmediate(() => setImmediate(then))
}
