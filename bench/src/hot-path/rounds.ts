/** Rounds over the proxies, interleaved, so that what the machine does meanwhile hits all of them alike. */
import type { Case } from './cases.ts'
import { measure, tryOut, type Bench, type Drivers, type Measurement } from './measure.ts'
import type { Proxy } from './proxies.ts'

/** All rounds of one proxy at one case; null: that round failed. */
export interface ProxyRounds {
  proxy: string
  rounds: (Measurement | null)[]
  /** Why rounds failed, and what the load generators complained about. */
  complaints: string[]
}

export interface CaseRounds {
  case: Case
  load: string
  latency: string
  proxies: ProxyRounds[]
}

/** Measures every proxy `rounds` times; each round starts with another one. `say` gets a line of progress each time. */
export async function runCase(
  bench: Bench,
  item: Case,
  proxies: readonly Proxy[],
  drivers: Drivers,
  rounds: number,
  say: (line: string) => void,
): Promise<CaseRounds> {
  const able: { proxy: Proxy; row: ProxyRounds }[] = []
  const all: ProxyRounds[] = []
  for (const proxy of proxies.filter(({ protocols }) => protocols.includes(item.shape.protocol))) {
    const row: ProxyRounds = { proxy: proxy.name, rounds: [], complaints: [] }
    all.push(row)
    try {
      await tryOut(bench, proxy, item)
      able.push({ proxy, row })
    } catch (error) {
      row.complaints.push((error as Error).message)
      say(`${item.id} ${proxy.name}: left out, ${(error as Error).message}`)
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < able.length; turn++) {
      const { proxy, row } = able[(round + turn) % able.length]
      const result = await attempt(bench, proxy, item, drivers, row)
      row.rounds.push(result)
      const cost = result === null ? 'failed' : `${result.cpuMicrosPerRequest.toFixed(1)} µs CPU per request`
      say(`${item.id} round ${round + 1}/${rounds} ${proxy.name}: ${cost}`)
    }
  }
  return { case: item, load: drivers.load.name, latency: drivers.latency.name, proxies: all }
}

async function attempt(
  bench: Bench,
  proxy: Proxy,
  item: Case,
  drivers: Drivers,
  row: ProxyRounds,
): Promise<Measurement | null> {
  try {
    const result = await measure(bench, proxy, item, drivers)
    if (result.errors > 0) row.complaints.push(result.complaint)
    return result
  } catch (error) {
    row.complaints.push((error as Error).message)
    return null
  }
}
