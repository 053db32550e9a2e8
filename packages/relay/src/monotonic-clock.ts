/**
 * Milliseconds since some fixed moment, with fractions, never running backwards: the clock of all deadlines and of the
 * times of an Exchange. As cheap as `performance.now()`, and without `perf_hooks`, which Node loads at the first use of
 * the global `performance` and which costs an idle process 0.7 MB.
 */
export function monotonicNow(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}
