// @ts-check
/** @import { StatusReport } from '@pilotlight/telemetry' */
import { UNKNOWN, age, bytes, duration, whole } from './format.js'

/**
 * How the page stands to the activator: `connecting`, nothing has come yet; `live`, reports come; `lost`, none do; `foreign`, they come in a
 * version this page does not know.
 * @typedef {{ state: 'connecting' | 'live' | 'lost' | 'foreign', since: number }} Link
 */

/**
 * What the process itself is doing, by label.
 * @param {StatusReport | null} report
 * @param {boolean} isLive false when what changes is not known
 * @returns {(readonly [label: string, value: string])[]}
 */
export function vitalsOf(report, isLive) {
  const activator = report?.activator
  const live = isLive ? activator : undefined
  const uptime = report === null ? NaN : Date.parse(report.at) - Date.parse(report.activator.startedAt)
  return [
    ['Held', live === undefined ? UNKNOWN : heldText(live)],
    ['Running', live === undefined ? UNKNOWN : whole(live.running)],
    ['Memory', live === undefined ? UNKNOWN : bytes(live.rssBytes)],
    ['Event loop p99', live === undefined ? UNKNOWN : duration(live.eventLoopDelay.p99)],
    ['State', live === undefined ? UNKNOWN : live.isReady ? 'ready' : 'not ready'],
    ['Control plane', live === undefined ? UNKNOWN : live.isConnected ? 'connected' : 'not connected'],
    ['Uptime', live === undefined ? UNKNOWN : age(uptime)],
    ['Platform', activator?.platform ?? UNKNOWN],
    ['Version', activator?.version ?? UNKNOWN],
  ]
}

/**
 * @param {{ readonly held: number, readonly heldBytes: number }} activator
 * @returns {string}
 */
function heldText({ held, heldBytes }) {
  return heldBytes > 0 ? `${whole(held)} (${bytes(heldBytes)})` : whole(held)
}

/**
 * @param {Link} link
 * @param {number} now ms since the epoch
 * @returns {string}
 */
export function linkText(link, now) {
  switch (link.state) {
    case 'live':
      return 'Live'
    case 'connecting':
      return 'Connecting'
    case 'foreign':
      return 'The activator speaks another version: reload this page'
    default:
      return `Not connected for ${age(now - link.since)}; retrying`
  }
}
