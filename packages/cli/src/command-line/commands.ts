import type { CommandDefinition, OptionDefinition } from './definition.ts'
import { ADMIN, COMMAND, HELP, JSON_OUTPUT, RUNNING } from './options.ts'

const NONE = { usage: '', min: 0, max: 0 } as const
const COUNT_MAX = 1000
/** Knative's bound for a revision's timeout, seconds. */
const TIMEOUT_MAX = 600

/** Shells that a completion script can be written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

const FILES: OptionDefinition = {
  name: 'file',
  short: 'f',
  value: { kind: 'file' },
  placeholder: 'FILE',
  isRepeated: true,
  summary:
    'Manifests in YAML or JSON; a folder stands for its *.yaml, *.yml and *.json, - for standard input',
  fallback: 'pilotlight.yaml or service.yaml of the current folder',
}

const UP: CommandDefinition = {
  name: 'up',
  summary: 'Run the services of Knative manifests on this machine',
  description: [
    'Reads Knative Services and runs them as processes that start with the first request and end when they are idle. A file that changes is read again.',
    'Ctrl-C ends everything and lets requests finish; a second Ctrl-C ends at once.',
  ],
  operands: NONE,
  options: [FILES, COMMAND, ...RUNNING, HELP],
  exclusive: ['verbose', 'log-level'],
  examples: [
    ['pilotlight up -f service.yaml', 'the services of a file'],
    ['pilotlight up -f deploy/ --port 9000', 'all manifests of a folder, on another port'],
    ["pilotlight up -f service.yaml --command hello='node server.js'", 'a manifest that names an image'],
    ['kubectl get ksvc hello -o yaml | pilotlight up -f -', 'what runs in a cluster'],
  ],
}

const RUN: CommandDefinition = {
  name: 'run',
  summary: 'Run one command as a service that scales to zero',
  description: [
    'Makes a Knative Service from the options and runs it as up does. The command gets the port on which it has to listen in the variable PORT; $(PORT) in the command and in --env stands for it too.',
  ],
  operands: { usage: '[--] COMMAND [ARGUMENT]…', min: 1, max: Infinity, isCommandLine: true },
  options: [
    {
      name: 'name',
      value: {
        kind: 'form',
        form: 'a name of at most 50 lower-case letters, digits and dashes that begins with a letter',
        isValid: (text) => text.length <= 50 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(text),
      },
      placeholder: 'NAME',
      summary: 'Name of the service',
      fallback: 'app',
    },
    integer(
      'concurrency',
      'N',
      { min: 0, max: COUNT_MAX },
      'Requests that an instance has at a time; 0 for no limit',
      '0',
    ),
    integer('min-scale', 'N', { min: 0, max: COUNT_MAX }, 'Instances that always run', '0'),
    integer('max-scale', 'N', { min: 0, max: COUNT_MAX }, 'Instances that there may be; 0 for no limit', '0'),
    integer('timeout', 'SECONDS', { min: 1, max: TIMEOUT_MAX }, 'How long a request may take', '300'),
    {
      name: 'env',
      short: 'e',
      value: {
        kind: 'form',
        form: 'NAME=VALUE, with a name of letters, digits and underscores',
        isValid: (text) => /^[A-Za-z_][A-Za-z0-9_]*=/.test(text),
      },
      placeholder: 'NAME=VALUE',
      isRepeated: true,
      summary: 'Variable of the environment of the command',
    },
    {
      name: 'h2c',
      value: { kind: 'flag' },
      placeholder: '',
      summary: 'The command speaks HTTP/2 without TLS, as gRPC servers do',
    },
    {
      name: 'readiness-path',
      value: { kind: 'form', form: 'a path that begins with /', isValid: (text) => /^\/[^\s]*$/.test(text) },
      placeholder: 'PATH',
      summary: 'An instance is ready when a GET of this path succeeds',
      fallback: 'ready when it accepts connections',
    },
    ...RUNNING,
    HELP,
  ],
  exclusive: ['verbose', 'log-level'],
  examples: [
    ['pilotlight run -- node server.js', 'a server on Node'],
    ['pilotlight run --concurrency 1 --max-scale 4 -- python3 app.py', 'one request at a time, up to four'],
    ['pilotlight run --h2c --name greeter -- ./greeter', 'a gRPC server'],
  ],
}

const PS: CommandDefinition = {
  name: 'ps',
  summary: 'Show revisions and their instances',
  description: ['Asks the admin port of an activator that runs what it is doing.'],
  operands: NONE,
  options: [
    ...ADMIN,
    JSON_OUTPUT,
    {
      name: 'watch',
      short: 'w',
      value: { kind: 'flag' },
      placeholder: '',
      summary: 'Go on with what changes, until Ctrl-C; with --json one report per line',
    },
    HELP,
  ],
  exclusive: ['admin', 'admin-port'],
  examples: [
    ['pilotlight ps', 'of pilotlight up with its default ports'],
    ['pilotlight ps --json | jq .revisions', 'for programs'],
  ],
}

const VALIDATE: CommandDefinition = {
  name: 'validate',
  summary: 'Check manifests without running them',
  description: [
    'Writes every problem and every warning to standard error, one per line, with file, line, value and what would be valid. A warning is something of Knative that has no effect here.',
  ],
  operands: { usage: '[FILE]…', min: 0, max: Infinity },
  options: [
    FILES,
    COMMAND,
    { name: 'strict', value: { kind: 'flag' }, placeholder: '', summary: 'Fail on warnings too' },
    HELP,
  ],
  examples: [
    ['pilotlight validate service.yaml', 'one file'],
    ['pilotlight validate --strict deploy/', 'a folder, warnings fail'],
  ],
}

const EXPLAIN: CommandDefinition = {
  name: 'explain',
  summary: 'Show where the time of a cold start went',
  description: [
    'The phases of the cold start that a request waited for, with what took longest and what helps against it. REQUEST-ID is the X-Request-Id of the answer; last is the last cold start.',
  ],
  operands: { usage: 'REQUEST-ID|last', min: 1, max: 1 },
  options: [...ADMIN, JSON_OUTPUT, HELP],
  exclusive: ['admin', 'admin-port'],
  examples: [['pilotlight explain last', 'the last cold start']],
}

const COMPLETION: CommandDefinition = {
  name: 'completion',
  summary: 'Write a completion script for a shell',
  description: ['Writes the script to standard output.'],
  operands: { usage: SHELLS.join('|'), min: 1, max: 1, choices: SHELLS },
  options: [HELP],
  examples: [
    ['source <(pilotlight completion bash)', 'for this bash'],
    ['pilotlight completion zsh > "${fpath[1]}/_pilotlight"', 'for zsh'],
    ['pilotlight completion fish > ~/.config/fish/completions/pilotlight.fish', 'for fish'],
  ],
}

const HELP_COMMAND: CommandDefinition = {
  name: 'help',
  summary: 'Show the help of a command',
  description: ['Without a command it lists all of them.'],
  operands: {
    usage: '[COMMAND]',
    min: 0,
    max: 1,
    choices: ['up', 'run', 'ps', 'validate', 'explain', 'completion', 'help'],
  },
  options: [HELP],
  examples: [['pilotlight help up', 'the same as pilotlight up --help']],
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandDefinition[] = [
  UP,
  RUN,
  PS,
  VALIDATE,
  EXPLAIN,
  COMPLETION,
  HELP_COMMAND,
]

function integer(
  name: string,
  placeholder: string,
  range: { readonly min: number; readonly max: number },
  summary: string,
  fallback: string,
): OptionDefinition {
  return { name, value: { kind: 'integer', ...range }, placeholder, summary, fallback }
}
