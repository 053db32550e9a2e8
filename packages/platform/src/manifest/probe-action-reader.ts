import type { GrpcAction, HttpGetAction, HttpHeader, TcpSocketAction } from '@pilotlight/probe'
import type { Item, Section } from '../document/section.ts'
import { isHost } from '../static/network-names.ts'
import { endFields } from './known-fields.ts'
import type { ExecAction } from './manifest-set.ts'
import { readWords } from './words.ts'
import type { Warnings } from './warnings.ts'

/** The port that the serving container declares. */
export interface AppPort {
  readonly number: number
  /** May be empty. */
  readonly name: string
}

/** What a probe needs to know of its container. */
export interface ProbeScope {
  readonly app: AppPort
  /** Whether it is the one that requests go to: the others have no port that could be meant. */
  readonly isServing: boolean
  readonly warnings: Warnings
}

type Action = HttpGetAction | TcpSocketAction | GrpcAction | ExecAction

const READERS: Readonly<Record<string, (section: Section, scope: ProbeScope) => Action>> = {
  httpGet: readHttpGet,
  tcpSocket: readTcpSocket,
  grpc: readGrpc,
  exec: readExec,
}

/** The fields of a probe that say what it does. */
export const ACTION_NAMES: readonly string[] = Object.keys(READERS)

const PORT_MAX = 65_535
const HOST_RULE = 'an IP address without brackets and port, or a host name'
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/
const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/
const PATH = /^[^\s\p{Cc}]*$/u

/** Reads what a probe does: the only action it has. Null when it has none, or more than one. */
export function readAction(probe: Section, scope: ProbeScope): Action | null {
  const present = ACTION_NAMES.flatMap((name) => {
    const item = probe.get(name)
    return item === null ? [] : [{ name, item }]
  })
  const actions = present.map(({ name, item }) => {
    const section = item.section()
    return section === null ? null : READERS[name](section, scope)
  })
  if (present.length > 1)
    probe.complain(`has ${present.map(({ name }) => name).join(' and ')}: it must have one of them`)
  return actions[0] ?? null
}

function readHttpGet(section: Section, scope: ProbeScope): HttpGetAction {
  const action: HttpGetAction = {
    kind: 'httpGet',
    scheme: section.choice('scheme', ['HTTP', 'HTTPS'], 'HTTP'),
    host: readHost(section.get('host')),
    port: String(readPort(section, scope)),
    path: readPath(section.get('path')),
    headers: section.list('httpHeaders').map((item) => readHeader(item, scope.warnings)),
  }
  endFields(section, { read: ['path', 'port', 'host', 'scheme', 'httpHeaders'], unused: {} }, scope.warnings)
  return action
}

function readTcpSocket(section: Section, scope: ProbeScope): TcpSocketAction {
  const action: TcpSocketAction = {
    kind: 'tcpSocket',
    host: readHost(section.get('host')),
    port: String(readPort(section, scope)),
  }
  endFields(section, { read: ['port', 'host'], unused: {} }, scope.warnings)
  return action
}

function readGrpc(section: Section, scope: ProbeScope): GrpcAction {
  const action: GrpcAction = {
    kind: 'grpc',
    port: readPort(section, scope),
    service: section.text('service', ''),
  }
  endFields(section, { read: ['port', 'service'], unused: {} }, scope.warnings)
  return action
}

function readExec(section: Section, { warnings }: ProbeScope): ExecAction {
  const item = section.required('command', 'a list of texts: a program and its arguments')
  const command = item === null ? [] : readWords(item, true)
  endFields(section, { read: ['command'], unused: {} }, warnings)
  return { kind: 'exec-command', command }
}

/** 0 stands for the port of the app: that is meant when none is named, and by what the container declares. */
function readPort(section: Section, { app, isServing }: ProbeScope): number {
  const item = section.get('port')
  if (item === null) {
    if (!isServing) section.required('port', 'a port: this container has none that could be meant')
    return 0
  }
  if (item.kind === 'text') {
    if (app.name === '' || item.text() !== app.name)
      item.mustBe(`a number from 0 to ${PORT_MAX}${app.name === '' ? '' : `, or ${app.name}`}`)
    return 0
  }
  const port = item.integer({ min: isServing ? 0 : 1, max: PORT_MAX }, '', 0)
  return port === app.number ? 0 : port
}

function readHost(item: Item | null): string {
  const host = item?.text() ?? ''
  if (item?.kind === 'text' && host !== '' && !isHost(host.toLowerCase())) item.mustBe(HOST_RULE)
  return host
}

function readPath(item: Item | null): string {
  const path = item?.text('/') ?? '/'
  if (!PATH.test(path)) item!.mustBe('a path without spaces')
  return path === '' ? '/' : path
}

function readHeader(item: Item, warnings: Warnings): HttpHeader {
  const section = item.section()
  const nameItem = section?.required('name', 'the name of a header field') ?? null
  const valueItem = section?.get('value') ?? null
  const name = nameItem?.text() ?? ''
  const value = valueItem?.text() ?? ''
  if (nameItem?.kind === 'text' && !HEADER_NAME.test(name)) nameItem.mustBe('the name of a header field')
  if (!HEADER_VALUE.test(value)) valueItem!.mustBe('a text of one line')
  if (section !== null) endFields(section, { read: ['name', 'value'], unused: {} }, warnings)
  return { name, value }
}
