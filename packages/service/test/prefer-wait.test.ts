import t from 'tap'
import { waitSeconds } from '../src/prefer-wait.ts'

t.test('how long a caller waits (RFC 7240)', async (t) => {
  for (const [prefer, seconds] of [
    [undefined, 0],
    ['', 0],
    ['wait=10', 10],
    ['Wait = 10', 10],
    ['wait="10"', 10],
    ['respond-async, wait=30', 30],
    ['respond-async; foo=bar,wait=30', 30],
    ['wait=99999', 600],
    ['wait=0', 0],
    ['wait=-1', 0],
    ['wait', 0],
    ['await=5', 0],
    ['wait=1e3', 1],
  ] as const)
    t.equal(waitSeconds(prefer), seconds, String(prefer))
})
