#!/usr/bin/env -S node --no-maglev --max-semi-space-size=1
'use strict'
// Writes V8's code for the program, for the Node that runs this. The program is started first, on free ports, so that all
// the functions are in it that a start calls.
const { readFileSync, renameSync, writeFileSync } = require('node:fs')
const { Script } = require('node:vm')

const TEXTS = 'SERVING_NAMESPACE SERVING_CONFIGURATION SERVING_REVISION SERVING_POD SERVING_POD_IP'.split(' ')
const PORTS = 'QUEUE_SERVING_PORT QUEUE_SERVING_TLS_PORT QUEUE_ADMIN_PORT QUEUE_METRICS_PORT'.split(' ')
process.env = {
  ...Object.fromEntries([...TEXTS.map((name) => [name, 'precompile']), ...PORTS.map((name) => [name, '0'])]),
  CONTAINER_CONCURRENCY: '1',
  REVISION_TIMEOUT_SECONDS: '300',
  USER_PORT: '1',
  SERVING_READINESS_PROBE: '{"tcpSocket":{"port":1}}',
  SERVING_LOGGING_LEVEL: 'info',
  SERVING_LOGGING_CONFIG: '{"outputPaths":["/dev/null"]}',
}

const filename = `${__dirname}/@PROGRAM@.cjs`
const script = new Script(readFileSync(filename, 'latin1'), { filename })
// It listens for signals when it has started.
process.on('newListener', (event) => {
  if (event !== 'SIGINT') return
  setImmediate(() => {
    const path = `${__dirname}/@PROGRAM@.cache`
    // In one step: a sidecar that starts meanwhile never reads half of it.
    writeFileSync(`${path}.new`, script.createCachedData())
    renameSync(`${path}.new`, path)
    process.exit(0)
  })
})
script.runInThisContext()(exports, require, module, filename, __dirname)
