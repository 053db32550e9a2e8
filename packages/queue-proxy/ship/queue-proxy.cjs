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
// The last thing it does at its start is to listen for this signal. Only then goes the second compiler, whose absence saves 12 MB after a load: with the flag from
// the beginning V8 refuses its code for Node's own modules, and a start takes 10 ms longer.
process.on('newListener', function withoutMaglev(event) {
  if (event !== 'SIGUSR2') return
  process.removeListener('newListener', withoutMaglev)
  setImmediate(() => require('node:v8').setFlagsFromString('--no-maglev'))
})
script.runInThisContext()(exports, require, module, filename, __dirname)
