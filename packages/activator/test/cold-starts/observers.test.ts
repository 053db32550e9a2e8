import type { Failure } from '@pilotlight/relay'
import t from 'tap'
import type { Instance } from '../../src/balance/instance.ts'
import type { Call } from '../../src/call.ts'
import { joinObservers } from '../../src/observers.ts'
import type { RequestMarks } from '../../src/request-marks.ts'
import type { RequestObserver } from '../../src/request-observer.ts'

/** Notes what it is told, and with what. */
function noting(name: string, notes: unknown[][]): RequestObserver {
  const note =
    (hook: string) =>
    (...told: unknown[]): void =>
      void notes.push([name, hook, ...told])
  return {
    onRequest: note('onRequest'),
    onHeld: note('onHeld'),
    onDispatch: note('onDispatch'),
    onResponse: note('onResponse'),
    onRetry: note('onRetry'),
    onRefused: note('onRefused'),
    onFailure: note('onFailure'),
    onDone: note('onDone'),
  }
}

t.test('none is none, and one is itself', async (t) => {
  const one = noting('a', [])
  t.equal(joinObservers([]), null)
  t.equal(joinObservers([one]), one)
})

t.test('several are told all of everything, in their order', async (t) => {
  const notes: unknown[][] = []
  const joined = joinObservers(['a', 'b', 'c'].map((name) => noting(name, notes)))!
  const call = {} as Call
  const failure: Failure = 'connect-refused'
  joined.onRequest(call, {} as RequestMarks)
  joined.onHeld(call)
  joined.onDispatch(call, {} as Instance)
  joined.onResponse(call)
  joined.onRetry(call, failure)
  joined.onRefused(call, null)
  joined.onFailure(call, failure)
  joined.onDone(call, 7)
  const hooks = [
    ['onRequest', call, {}],
    ['onHeld', call],
    ['onDispatch', call, {}],
    ['onResponse', call],
    ['onRetry', call, failure],
    ['onRefused', call, null],
    ['onFailure', call, failure],
    ['onDone', call, 7],
  ]
  t.strictSame(
    notes,
    hooks.flatMap((hook) => ['a', 'b', 'c'].map((name) => [name, ...hook])),
  )
})
