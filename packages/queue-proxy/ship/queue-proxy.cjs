#!/usr/bin/env -S node --max-semi-space-size=1
'use strict'
// Runs the program from the code that V8 compiled when it was built. V8 refuses code of another version or other flags;
// then, as without it, the program is compiled anew.
const { readFileSync } = require('node:fs')
const { Script } = require('node:vm')

const filename = `${__dirname}/@PROGRAM@.cjs`
let cachedData
try {
  cachedData = readFileSync(`${__dirname}/@PROGRAM@.cache`)
} catch {
  // Slower to start by some milliseconds, and 1.5 MB larger.
}
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData })
// The last thing the program does at its start is to listen for this signal. Only then goes V8's second compiler, whose absence saves 12 MB
// after a load: with `--no-maglev` from the beginning V8 refuses its code for Node's own modules, and a start takes 10 ms longer. The flags
// beside it are those that V8 itself derives from it, but only from the beginning; without them the third compiler begins five times as
// late, and a slow request in a hundred takes 3 ms instead of 0.5.
const WITHOUT_MAGLEV = [
  '--no-maglev',
  '--no-maglev-overwrite-budget',
  '--invocation-count-for-turbofan=3000',
  '--min-inlining-frequency=0.15',
]
process.on('newListener', function withoutMaglev(event) {
  if (event !== 'SIGUSR2') return
  process.removeListener('newListener', withoutMaglev)
  setImmediate(() => WITHOUT_MAGLEV.forEach((one) => require('node:v8').setFlagsFromString(one)))
})
script.runInThisContext()(exports, require, module, filename, __dirname)
