/** Who may run now: concurrency limit, waiting line, load meter. */
export { Admission, ConcurrencyLimit, type Overflow } from './concurrency-limit.ts'
export { LoadMeter, type LoadReport } from './load-meter.ts'
export { ReleaseRate } from './release-rate.ts'
export { Place, Waiter, WaitingLine } from './waiting-line.ts'
