import { isIP } from 'node:net'
import { LOG_LEVELS } from './log-levels.ts'
import type { OptionDefinition } from './definition.ts'

const PORT_MAX = 65_535
/** Whom requests are taken from unless somebody says otherwise: this machine. */
export const LOOPBACK = '127.0.0.1'

/** The answer to a question that every command can be asked. */
export const HELP: OptionDefinition = {
  name: 'help',
  short: 'h',
  value: { kind: 'flag' },
  placeholder: '',
  summary: 'Show this help',
}

/** Command lines by service. */
export const COMMAND: OptionDefinition = {
  name: 'command',
  value: {
    kind: 'form',
    form: "SERVICE='command line', with the name of a service in front",
    isValid: (text) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?=\s*\S/.test(text),
  },
  placeholder: "SERVICE='…'",
  isRepeated: true,
  summary: 'Command line that runs the service, instead of what its manifest says; run by sh',
}

/** Where the activator that is asked listens. */
export const ADMIN: readonly OptionDefinition[] = [
  {
    name: 'admin-port',
    value: { kind: 'integer', min: 1, max: PORT_MAX },
    placeholder: 'PORT',
    summary: 'Admin port of the activator, on this machine',
    fallback: '8081',
  },
  {
    name: 'admin',
    value: { kind: 'form', form: 'an http URL, such as http://127.0.0.1:8081', isValid: isHttpUrl },
    placeholder: 'URL',
    summary: 'Address of the admin port, instead of --admin-port',
  },
]

/** What a command says to a program. */
export const JSON_OUTPUT: OptionDefinition = {
  name: 'json',
  value: { kind: 'flag' },
  placeholder: '',
  summary: 'Write JSON',
}

/** How an activator is run: options that `up` and `run` share. */
export const RUNNING: readonly OptionDefinition[] = [
  {
    name: 'port',
    short: 'p',
    value: { kind: 'integer', min: 0, max: PORT_MAX },
    placeholder: 'PORT',
    summary: 'Where requests come in, HTTP/1.1 and HTTP/2 without TLS; 0 is any free port',
    fallback: '8080',
  },
  {
    name: 'host',
    value: {
      kind: 'form',
      form: 'an IP address of this machine, such as 127.0.0.1',
      isValid: (text) => isIP(text) !== 0,
    },
    placeholder: 'ADDRESS',
    summary: 'On which address; 0.0.0.0 is every one, so that other machines can ask too',
    fallback: LOOPBACK,
  },
  {
    name: 'admin-port',
    value: { kind: 'integer', min: 0, max: PORT_MAX },
    placeholder: 'PORT',
    summary: 'Where status and the live page are, on 127.0.0.1; 0 is any free port',
    fallback: 'the one after --port',
  },
  {
    name: 'open',
    value: { kind: 'flag' },
    placeholder: '',
    summary: 'Open the live page in a browser',
  },
  {
    name: 'no-page',
    value: { kind: 'flag' },
    placeholder: '',
    summary: 'Leave the live page out',
  },
  {
    name: 'log-level',
    value: { kind: 'choice', choices: LOG_LEVELS },
    placeholder: 'LEVEL',
    summary: 'What the activator tells of itself, from this level on',
    fallback: 'warn',
  },
  {
    name: 'verbose',
    short: 'v',
    value: { kind: 'flag' },
    placeholder: '',
    summary: 'As --log-level info',
  },
  {
    name: 'log-format',
    value: { kind: 'choice', choices: ['text', 'json'] },
    placeholder: 'FORMAT',
    summary: 'Lines of the activator for people, or as it writes them',
    fallback: 'text',
  },
]

/** Whether a text is the URL of an admin port. */
export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'http:'
}
