'use strict'
// Loaded ahead of a program: prints what Node has loaded when it gets SIGUSR2.
const { basename } = require('node:path')

process.on('SIGUSR2', () => {
  const builtins = process.moduleLoadList
    .filter((name) => name.startsWith('NativeModule '))
    .map((name) => name.slice('NativeModule '.length))
  const files = Object.keys(require.cache).map((name) => basename(name))
  process.stdout.write(`${JSON.stringify({ builtins, files })}\n`)
})
