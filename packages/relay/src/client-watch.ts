import { readFile } from 'node:fs'
import type { Socket } from 'node:net'
import { monotonicNow } from './monotonic-clock.ts'

/** A connection that is not being read for now. */
export interface Unread {
  readonly socket: Socket
  /** Whether the end of the client's direction says nothing about the other one: it is read in its turn, as in a tunnel. */
  readonly mayHalfClose: boolean
  /** The client closed or reset the connection. */
  onUnreadClose(): void
}

/** Shortest time between two looks, ms. */
const LOOK_MS = 50
/** The looks together take at most this fraction of the time; the kernel's part of it runs beside our thread. */
const LOOK_COST_MAX = 0.1
/** Longest time between two looks because of what they cost, ms: on a busy machine one takes long because of others. */
const LOOK_MAX_MS = 2000
/** While nothing changes, the next look comes after this fraction of the time since the last change … */
const QUIET_FRACTION = 0.25
/** … and at least this often, ms. */
const QUIET_MAX_MS = 1000

const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6']

/** TCP states of a connection whose other side can still send, as the kernel's table has them: ESTABLISHED, FIN_WAIT. */
const CAN_SEND = ['01', '04', '05']

/**
 * Sees clients leave while nobody reads from them. Back-pressure stops reading, and the event loop reports the end of a
 * connection only to readers; but the kernel knows, and on Linux it tells in a table. A look costs in proportion
 * to all connections of the machine, so looks are only made while there is something to watch, and seldom when dear or
 * when those that are watched have waited for long.
 *
 * What even the kernel cannot know stays unseen: an end that is still behind unsent bytes on the client's machine.
 * Elsewhere than on Linux the clocks of the exchange are what ends such a wait.
 */
export class ClientWatch {
  /** With their keys, which a socket can no longer tell once it was reset. */
  readonly #watched = new Map<Unread, string>()
  /** Those of them that the last look did not find in the tables. */
  #missing = new Set<Unread>()
  #timer: NodeJS.Timeout | null = null
  /** When a connection was added last. */
  #addedAt = 0
  /** Whether the next look was put off because nothing changes. */
  #isResting = false
  readonly #isAvailable: boolean = process.platform === 'linux'

  /** Watches from now on. */
  add(connection: Unread): void {
    if (!this.#isAvailable) return
    this.#watched.set(connection, tableKey(connection.socket))
    this.#addedAt = monotonicNow()
    if (this.#timer === null || this.#isResting) this.#schedule(LOOK_MS)
  }

  /** Stops watching. */
  remove(connection: Unread): void {
    this.#watched.delete(connection)
  }

  /** Number of connections watched. */
  get size(): number {
    return this.#watched.size
  }

  #schedule(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#isResting = false
    this.#timer = setTimeout(() => this.#look(), ms)
    this.#timer.unref()
  }

  #look(): void {
    this.#isResting = false
    if (this.#watched.size === 0) {
      this.#timer = null
      return
    }
    const startedAt = monotonicNow()
    const candidates = [...this.#watched.keys()]
    readTables((tables) => {
      if (tables !== '') this.#compare(candidates, tables)
      const cost = monotonicNow() - startedAt
      // What was not found is looked for once more, soon.
      if (this.#missing.size > 0) return this.#schedule(LOOK_MS)
      const quiet = Math.min((startedAt - this.#addedAt) * QUIET_FRACTION, QUIET_MAX_MS)
      const pause = Math.max(LOOK_MS, Math.min(cost / LOOK_COST_MAX, LOOK_MAX_MS))
      this.#schedule(Math.max(pause, quiet))
      this.#isResting = quiet > pause
    })
  }

  #compare(candidates: Unread[], tables: string): void {
    const connections = readConnections(tables)
    const missed = this.#missing
    this.#missing = new Set()
    for (const connection of candidates) {
      const key = this.#watched.get(connection)
      // Watched no more, or of a family that is not in the tables.
      if (key === undefined || key === UNKNOWN) continue
      const canSend = connections.get(key)
      if (canSend === true || (canSend === false && connection.mayHalfClose)) continue
      // The kernel lists piece by piece, and what changes meanwhile can hide a connection from one look.
      if (canSend === undefined && key !== GONE && !missed.has(connection)) {
        this.#missing.add(connection)
        continue
      }
      this.#watched.delete(connection)
      connection.onUnreadClose()
    }
  }
}

function readTables(then: (tables: string) => void): void {
  readFile(TABLES[0], 'latin1', (error4, tcp4) => {
    readFile(TABLES[1], 'latin1', (error6, tcp6) => {
      // Without both tables a connection could look closed that is not; a machine without IPv6 has only one.
      if (error4 !== null || (error6 !== null && error6.code !== 'ENOENT')) then('')
      else then(error6 === null ? tcp4 + tcp6 : tcp4)
    })
  })
}

/** Whether the other side can still send, by `local port:remote address:remote port`. */
export function readConnections(tables: string): Map<string, boolean> {
  const connections = new Map<string, boolean>()
  for (const line of tables.split('\n')) {
    const fields = line.trim().split(/\s+/, 4)
    const [, local, remote, state] = fields
    if (local === undefined || remote === undefined || state === undefined) continue
    const key = `${local.slice(local.indexOf(':') + 1)}:${withoutMapping(remote)}`
    // With two local addresses there can be two of a key; the one that is open decides.
    connections.set(key, CAN_SEND.includes(state) || connections.get(key) === true)
  }
  return connections
}

/** An IPv4 client of a dual-stack listener stands in the IPv6 table as a mapped address. */
function withoutMapping(address: string): string {
  return address.startsWith('0000000000000000FFFF0000') ? address.slice(24) : address
}

/** The key of a socket whose address is of no family we know. */
const UNKNOWN = ''
/** The key of a socket that is not connected any more; it stands in no table. */
const GONE = 'gone'

/** The key of {@link readConnections} for a socket. */
export function tableKey(socket: Socket): string {
  const { localPort, remotePort, remoteAddress } = socket
  if (localPort === undefined || remotePort === undefined || remoteAddress === undefined) return GONE
  const address = hexAddress(remoteAddress)
  return address === '' ? UNKNOWN : `${hexPort(localPort)}:${address}:${hexPort(remotePort)}`
}

const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0')

/** The kernel prints each 32-bit word of an address in the machine's own byte order. */
function hexAddress(address: string): string {
  const ipv4 = /^(?:::ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  if (ipv4 !== null) return wordsToHex(ipv4.slice(1).map(Number))
  const bytes = ipv6Bytes(address)
  return bytes.length === 16 ? wordsToHex(bytes) : ''
}

function ipv6Bytes(address: string): number[] {
  // An IPv4 address inside an IPv6 one that is not a mapped one: too rare to be read.
  if (address.includes('.')) return []
  const [head = '', tail] = address.replace(/%.*$/, '').split('::')
  const front = groupBytes(head)
  if (tail === undefined) return front
  const back = groupBytes(tail)
  return [...front, ...Array.from({ length: 16 - front.length - back.length }, () => 0), ...back]
}

function groupBytes(groups: string): number[] {
  if (groups === '') return []
  const words = groups.split(':').map((group) => Number.parseInt(group, 16))
  return words.flatMap((word) => [word >> 8, word & 255])
}

function wordsToHex(bytes: number[]): string {
  const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
  let hex = ''
  for (let i = 0; i < bytes.length; i += 4) {
    const word = bytes.slice(i, i + 4)
    for (const byte of isLittleEndian ? word.toReversed() : word)
      hex += byte.toString(16).toUpperCase().padStart(2, '0')
  }
  return hex
}
