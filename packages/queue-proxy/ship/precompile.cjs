#!/usr/bin/env -S node --max-semi-space-size=1
'use strict'
// Writes V8's code for the program, for the Node that runs this. The program is started first, before an app that is soon ready, and answers
// what every instance is asked after its start: a probe that waits, and a request. So all the functions are in it that a cold start calls,
// those for the process that started it among them: this one does so with itself.
const { spawn } = require('node:child_process')
const { readFileSync, renameSync, writeFileSync } = require('node:fs')
const { connect, createServer } = require('node:net')
const { Script } = require('node:vm')

const TEXTS = 'SERVING_NAMESPACE SERVING_CONFIGURATION SERVING_REVISION SERVING_POD SERVING_POD_IP'.split(' ')
const QUESTIONS = [
  'GET /healthz HTTP/1.1\r\nHost: precompile\r\nUser-Agent: Knative-Activator-Probe\r\nK-Network-Probe: queue\r\nPrefer: wait=10\r\n\r\n',
  'GET /?a=b HTTP/1.1\r\nHost: precompile\r\nUser-Agent: precompile\r\nAccept: */*\r\nX-Forwarded-For: 127.0.0.1\r\nK-Proxy-Request: activator\r\n\r\n',
]
const LATE_MS = 50
const ANSWER =
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 2\r\n\r\nok'

const filename = `${__dirname}/@PROGRAM@.cjs`
const isStarted = process.argv[2] === 'started'

if (isStarted) {
  const app = createServer((socket) => socket.on('error', () => {}).on('data', () => socket.write(ANSWER)))
  withFreePort((port) =>
    withFreePort((appPort) => {
      start(port, appPort)
      // As most apps: it is looked for before it listens.
      setTimeout(() => app.listen(appPort, '127.0.0.1'), LATE_MS)
    }),
  )
} else {
  spawn(process.execPath, [...process.execArgv, __filename, 'started'], {
    stdio: ['pipe', 'inherit', 'inherit', 'pipe'],
  }).on('exit', (code) => process.exit(code ?? 1))
}

function withFreePort(then) {
  const server = createServer()
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => then(port))
  })
}

function start(port, appPort) {
  process.env = {
    ...Object.fromEntries(TEXTS.map((name) => [name, 'precompile'])),
    QUEUE_HOST: '127.0.0.1',
    QUEUE_SERVING_PORT: String(port),
    QUEUE_SERVING_TLS_PORT: '0',
    QUEUE_ADMIN_PORT: '0',
    QUEUE_METRICS_PORT: '0',
    CONTAINER_CONCURRENCY: '1',
    REVISION_TIMEOUT_SECONDS: '300',
    USER_PORT: String(appPort),
    SERVING_READINESS_PROBE: JSON.stringify({ tcpSocket: { host: '127.0.0.1', port: appPort } }),
    QUEUE_PORTS_FD: '3',
    QUEUE_LIFELINE: 'stdin',
    SERVING_LOGGING_LEVEL: 'info',
    SERVING_LOGGING_CONFIG: '{"outputPaths":["/dev/null"]}',
  }
  const script = new Script(readFileSync(filename, 'latin1'), { filename })
  // The last thing it does at its start is to listen for this signal.
  process.on('newListener', (event) => {
    if (event === 'SIGUSR2') setImmediate(() => ask(port, QUESTIONS, () => finish(script)))
  })
  script.runInThisContext()(exports, require, module, filename, __dirname)
}

/** One after the other, on one connection. */
function ask(port, questions, then) {
  const socket = connect(port, '127.0.0.1')
  let next = 0
  socket.write(questions[next++])
  socket.setEncoding('latin1').on('data', (answer) => {
    if (!answer.startsWith('HTTP/1.1 200 ')) throw new Error(`the program answered ${String(answer)}`)
    if (next < questions.length) socket.write(questions[next++])
    else setImmediate(() => then())
  })
}

function finish(script) {
  const path = `${__dirname}/@PROGRAM@.cache`
  // In one step: a sidecar that starts meanwhile never reads half of it.
  writeFileSync(`${path}.new`, script.createCachedData())
  renameSync(`${path}.new`, path)
  process.exit(0)
}
