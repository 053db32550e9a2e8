'use strict'
// The floor of start and memory: a Node program that listens and does nothing else. Not TypeScript, because taking its
// types off would cost more than all the rest of it.
const { createServer } = require('node:net')

createServer((socket) => socket.on('error', () => {}).resume()).listen(Number(process.env.BENCH_PORT))
