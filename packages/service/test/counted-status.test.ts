import t from 'tap'
import { countedStatus } from '../src/counted-status.ts'

t.test('what was sent counts when all went well', async (t) => {
  for (const status of [100, 200, 304, 404, 500, 599]) t.equal(countedStatus(status, 'ok'), status)
})

t.test('a client that left is a 499, whatever was sent before', async (t) => {
  for (const status of [0, 200, 404, 502]) t.equal(countedStatus(status, 'client-gone'), 499)
})

t.test('an answer of our own counts as it is', async (t) => {
  for (const status of [400, 403, 431, 503]) t.equal(countedStatus(status, 'refused'), status)
  for (const status of [502, 503, 504]) {
    t.equal(countedStatus(status, 'upstream-failed'), status)
    t.equal(countedStatus(status, 'timeout'), status)
  }
})

t.test('a response that was cut is a 500', async (t) => {
  for (const status of [0, 200, 302]) {
    t.equal(countedStatus(status, 'refused'), 500)
    t.equal(countedStatus(status, 'timeout'), 500)
    t.equal(countedStatus(status, 'upstream-failed'), 500)
  }
  t.equal(countedStatus(404, 'upstream-failed'), 500)
})

t.test('how an upgraded connection ends says nothing about the request', async (t) => {
  for (const outcome of ['ok', 'client-gone', 'timeout', 'upstream-failed'] as const)
    t.equal(countedStatus(101, outcome), 101)
})
