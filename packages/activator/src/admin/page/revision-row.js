// @ts-check
/** @import { InstanceStatus, RevisionState, RevisionStatus } from '@pilotlight/telemetry' */
import { UNKNOWN, age, bytes, counted, duration, rate, whole } from './format.js'
import { waterfallOf } from './waterfall.js'

/**
 * What is shown of a revision, as text.
 * @typedef {object} RevisionRow
 * @property {string} key
 * @property {string} name
 * @property {string} service with its namespace
 * @property {RevisionState | 'unknown'} state
 * @property {string} stateText
 * @property {string} trouble
 * @property {string} instances
 * @property {string} slots
 * @property {boolean} isPanicking
 * @property {string} held
 * @property {string} oldest
 * @property {boolean} isHolding
 * @property {string} requests per second
 * @property {string} errors per second; empty for none
 * @property {readonly [string, string, string]} latency p50, p90, p99
 * @property {readonly { text: string, host: string, tag: string }[]} routes
 * @property {readonly InstanceRow[]} instanceRows
 * @property {readonly (readonly [string, string])[]} facts
 */

/**
 * @typedef {object} InstanceRow
 * @property {string} key
 * @property {string} name
 * @property {string} address
 * @property {InstanceStatus['state']} state
 * @property {string} stateText
 * @property {number} used boxes that are full
 * @property {number} boxes 0 when there are too many, or no limit
 * @property {string} load
 * @property {string} age
 */

/** More slots than this are a number and not boxes. */
export const BOXES_MAX = 24

/** @type {Readonly<Record<RevisionState | 'unknown', string>>} */
export const STATE_TEXTS = {
  zero: 'At zero',
  starting: 'Starting',
  ready: 'Ready',
  trouble: 'Trouble',
  ending: 'Ending',
  unknown: 'Unknown',
}

/** @type {Readonly<Record<InstanceStatus['state'], string>>} */
const INSTANCE_STATE_TEXTS = {
  starting: 'starting',
  ready: 'ready',
  'not-ready': 'not ready',
  ending: 'ending',
}

/**
 * @param {{ readonly namespace: string, readonly name: string }} revision
 * @returns {string} what tells it from others; names have no slash
 */
export function keyOf({ namespace, name }) {
  return `${namespace}/${name}`
}

/**
 * @param {RevisionStatus} revision
 * @param {boolean} isLive false when the activator cannot be reached: what changes is then not known
 * @returns {RevisionRow}
 */
export function rowOf(revision, isLive) {
  const names = {
    key: keyOf(revision),
    name: revision.name,
    service: `${revision.service} in ${revision.namespace}`,
    routes: revision.routes.map((route) => ({
      text: `${rate(route.percent)}%`,
      host: route.host,
      tag: route.tag,
    })),
  }
  return isLive ? { ...names, ...liveParts(revision) } : { ...names, ...UNKNOWN_PARTS }
}

/** @type {Omit<RevisionRow, 'key' | 'name' | 'service' | 'routes'>} */
const UNKNOWN_PARTS = {
  state: 'unknown',
  stateText: STATE_TEXTS.unknown,
  trouble: '',
  instances: UNKNOWN,
  slots: '',
  isPanicking: false,
  held: UNKNOWN,
  oldest: '',
  isHolding: false,
  requests: UNKNOWN,
  errors: '',
  latency: [UNKNOWN, UNKNOWN, UNKNOWN],
  instanceRows: [],
  facts: [],
}

/**
 * @param {RevisionStatus} revision
 * @returns {Omit<RevisionRow, 'key' | 'name' | 'service' | 'routes'>}
 */
function liveParts(revision) {
  const { latency } = revision
  return {
    state: revision.state,
    stateText: STATE_TEXTS[revision.state] ?? revision.state,
    trouble: revision.trouble,
    instances: instancesText(revision),
    slots: slotsText(revision),
    isPanicking: revision.isPanicking,
    held: whole(revision.held),
    oldest: revision.held > 0 ? `oldest ${duration(revision.oldestHeldMs)}` : '',
    isHolding: revision.held > 0,
    requests: rate(revision.requestsPerSecond),
    errors: revision.errorsPerSecond > 0 ? `${rate(revision.errorsPerSecond)} errors/s` : '',
    latency:
      latency === null
        ? [UNKNOWN, UNKNOWN, UNKNOWN]
        : [duration(latency.p50), duration(latency.p90), duration(latency.p99)],
    instanceRows: revision.instances.map(instanceRow),
    facts: factsOf(revision),
  }
}

/**
 * @param {RevisionStatus} revision
 * @returns {string} `0`, `2 ready`, `1 of 3 ready`
 */
function instancesText({ instances }) {
  if (instances.length === 0) return 'none'
  const ready = instances.filter((instance) => instance.state === 'ready').length
  return ready === instances.length
    ? `${whole(ready)} ready`
    : `${whole(ready)} of ${whole(instances.length)} ready`
}

/**
 * @param {RevisionStatus} revision
 * @returns {string} how full the instances are; empty without instances
 */
function slotsText({ instances, running }) {
  if (instances.length === 0) return running > 0 ? `${whole(running)} running` : ''
  const slots = instances.reduce((sum, instance) => sum + instance.slots, 0)
  if (slots === 0 || instances.some((instance) => instance.slots === 0)) return `${whole(running)} running`
  return `${whole(running)} of ${whole(slots)} slots`
}

/**
 * @param {InstanceStatus} instance
 * @param {number} index
 * @returns {InstanceRow}
 */
function instanceRow(instance, index) {
  const { name, address, running, slots } = instance
  const hasBoxes = slots > 0 && slots <= BOXES_MAX
  return {
    key: name || address || `#${index}`,
    name: name || address || 'no name yet',
    address: name === '' ? '' : address,
    state: instance.state,
    stateText: INSTANCE_STATE_TEXTS[instance.state] ?? instance.state,
    used: hasBoxes ? Math.min(running, slots) : 0,
    boxes: hasBoxes ? slots : 0,
    load: slots > 0 ? `${whole(running)} of ${whole(slots)}` : `${whole(running)}, no limit`,
    age: instance.ageMs === null ? UNKNOWN : age(instance.ageMs),
  }
}

/**
 * @param {RevisionStatus} revision
 * @returns {[string, string][]}
 */
function factsOf(revision) {
  /** @type {[string, string][]} */
  const facts = [
    ['Instances', `${whole(revision.instances.length)} exist, ${wantedText(revision)}`],
    [
      'Concurrency',
      revision.containerConcurrency === 0
        ? 'no limit'
        : `${whole(revision.containerConcurrency)} per instance`,
    ],
    ['Running', counted(revision.running, 'request')],
  ]
  if (revision.held > 0) {
    const size = revision.heldBytes > 0 ? `, ${bytes(revision.heldBytes)}` : ''
    facts.push(['Held', `${counted(revision.held, 'request')}${size}`])
  }
  if (revision.latency !== null) {
    facts.push([
      'Slowest',
      `${duration(revision.latency.max)} of ${counted(revision.latency.count, 'request')}`,
    ])
  }
  if (revision.lastColdStart !== null)
    facts.push(['Cold start', waterfallOf(revision.lastColdStart).sentence])
  return facts
}

/**
 * @param {RevisionStatus} revision
 * @returns {string}
 */
function wantedText({ wanted, isPanicking }) {
  return `${wanted === null ? 'wanted not known' : `${whole(wanted)} wanted`}${isPanicking ? ', panic mode' : ''}`
}

/**
 * Whether a revision is one of those the reader asked for.
 * @param {RevisionStatus} revision
 * @param {string} text each of its words has to be in the name, the service, the namespace, a host, or to begin the state
 * @returns {boolean}
 */
export function isMatch(revision, text) {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  if (words.length === 0) return true
  const texts = [
    revision.name,
    revision.service,
    revision.namespace,
    ...revision.routes.map((route) => route.host),
  ]
  const haystack = texts.join('\n').toLowerCase()
  return words.every((word) => haystack.includes(word) || revision.state.startsWith(word))
}
