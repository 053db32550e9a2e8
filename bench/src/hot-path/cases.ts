/** What is asked through each proxy. */

export type Protocol = 'http1' | 'h2c'

/** One kind of request; together with a number of connections it is one {@link Case}. */
export interface Shape {
  name: string
  says: string
  protocol: Protocol
  path: string
  /** How the request's body is sent. */
  upload: 'none' | 'length' | 'chunked'
  /** How long the response's body is. */
  responseBytes: number
  /** The connection counts of the full table. */
  connections: number[]
  /** Streams at a time on each connection; 1 for HTTP/1.1. */
  streams: number
}

/** One row group of the report, `12b@64`. */
export interface Case {
  id: string
  shape: Shape
  connections: number
}

/** The size of every upload. */
export const UPLOAD_BYTES = 4096

const get = { protocol: 'http1', upload: 'none', streams: 1, connections: [64] } as const

const rows: Shape[] = [
  { ...get, name: '12b', says: '12 B response', path: '/12b', responseBytes: 12, connections: [1, 64, 1000] },
  { ...get, name: '16k', says: '16 KB response', path: '/16k', responseBytes: 16_384, connections: [64] },
  { ...get, name: '1m', says: '1 MB response', path: '/1m', responseBytes: 1_048_576, connections: [64] },
  {
    ...get,
    name: 'post-4k',
    says: '4 KB POST',
    path: '/post',
    upload: 'length',
    responseBytes: 12,
    connections: [64],
  },
  {
    ...get,
    name: 'chunked-in',
    says: '4 KB chunked POST',
    path: '/post',
    upload: 'chunked',
    responseBytes: 12,
    connections: [64],
  },
  {
    ...get,
    name: 'chunked-out',
    says: '16 KB chunked response',
    path: '/chunked',
    responseBytes: 16_384,
    connections: [64],
  },
  {
    ...get,
    name: 'h2c',
    says: '12 B response over h2c',
    protocol: 'h2c',
    path: '/12b',
    responseBytes: 12,
    connections: [8],
    streams: 8,
  },
]

/** Every shape, in the order of the report. */
export const shapes: readonly Shape[] = rows

/** The cases the gate judges; gate.json's targets name them. */
export const gateCases: readonly string[] = ['12b@64', '1m@64']

/**
 * The cases for a choice of shapes or case ids (all when empty), at the given connection counts instead of their own
 * where there are any; h2c keeps its 8 connections of 8 streams.
 */
export function chooseCases(names: readonly string[], connections: readonly number[]): Case[] {
  const chosen: Case[] = []
  for (const shape of shapes) {
    const own = shape.protocol === 'h2c' || connections.length === 0 ? shape.connections : connections
    for (const count of own) {
      const id = caseId(shape, count)
      if (names.length === 0 || names.includes(shape.name) || names.includes(id)) {
        chosen.push({ id, shape, connections: count })
      }
    }
  }
  return chosen
}

/** Every id and shape name that {@link chooseCases} knows without a choice of connections. */
export function knownCaseNames(): string[] {
  return shapes.flatMap((shape) => [shape.name, ...shape.connections.map((count) => caseId(shape, count))])
}

function caseId(shape: Shape, connections: number): string {
  return shape.protocol === 'h2c' ? `h2c@${connections}x${shape.streams}` : `${shape.name}@${connections}`
}
