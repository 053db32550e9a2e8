import { extrapolate, type LoadStat } from './load-stat.ts'

/** Square of 1.96, the critical value of a confidence of 95 %. */
const CRITICAL_VALUE_SQUARED = 1.96 * 1.96
const POPULATION_VARIANCE = 100
const MARGIN_OF_ERROR_SQUARED = 5 * 5
/** How many pods would have to be asked if there were any number of them. */
const UNBOUNDED_SAMPLE = (CRITICAL_VALUE_SQUARED * POPULATION_VARIANCE) / MARGIN_OF_ERROR_SQUARED
/** Up to so many pods each one is asked. */
const ALL_MAX = 3

/** How many of `pods` ready pods have to be asked for a fair picture: 5 to 4, 10 to 7, 100 to 14, 1000 to 16. */
export function sampleSize(pods: number): number {
  if (pods <= ALL_MAX) return Math.max(0, pods)
  return Math.ceil((pods * UNBOUNDED_SAMPLE) / (pods + UNBOUNDED_SAMPLE - 1))
}

/**
 * The order in which pods are asked. Old ones, which are ready for at least the stable window, come first: a young one
 * has not had its share of the load yet. `random` is at least 0 and below 1.
 */
export function scrapeOrder<Pod>(old: readonly Pod[], young: readonly Pod[], random: () => number): Pod[] {
  return old.length < sampleSize(old.length + young.length)
    ? [...old, ...shuffled(young, random)]
    : [...shuffled(old, random), ...young]
}

function shuffled<Pod>(pods: readonly Pod[], random: () => number): Pod[] {
  const result = [...pods]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const pod = result[i]
    result[i] = result[j]
    result[j] = pod
  }
  return result
}

/** How a round stands: all that are needed answered; too few did; or none did, and only as a mesh would refuse. */
export type ScrapeState = 'running' | 'answered' | 'failed' | 'refused'

/**
 * One scrape of a revision's pods, as far as it is not about sockets: whom to ask, and what comes of it. As many are
 * asked at a time as the sample needs; whoever does not answer is replaced by the next in the order.
 */
export class ScrapeRound<Pod> {
  readonly #pods: readonly Pod[]
  readonly #answers: LoadStat[] = []
  #next = 0
  #asked = 0
  #isShort = false
  #onlyRefused = true

  /** `pods` are all that are ready, in their order: see {@link scrapeOrder}. */
  constructor(pods: readonly Pod[]) {
    this.#pods = pods
  }

  /** Whom to ask at first. None when there is no pod, and then there is nothing to record. */
  start(): readonly Pod[] {
    this.#asked = sampleSize(this.#pods.length)
    this.#next = this.#asked
    return this.#pods.slice(0, this.#asked)
  }

  /** One of those asked has answered. */
  onAnswer(stat: LoadStat): void {
    this.#asked--
    this.#answers.push(stat)
  }

  /**
   * One of those asked has not. `isRefusal` says that it answered 502 or 503, as the proxy of a mesh does. Returns whom
   * to ask instead, or null when nobody is left.
   */
  onFailure(isRefusal: boolean): Pod | null {
    if (!isRefusal) this.#onlyRefused = false
    if (this.#next < this.#pods.length) return this.#pods[this.#next++]
    this.#asked--
    this.#isShort = true
    return null
  }

  /** How it stands. */
  get state(): ScrapeState {
    if (this.#asked > 0) return 'running'
    if (!this.#isShort) return 'answered'
    return this.#onlyRefused && this.#answers.length === 0 ? 'refused' : 'failed'
  }

  /** What all pods have together, once answered; null before, after a failure, and where there is no pod. */
  get stat(): LoadStat | null {
    if (this.state !== 'answered' || this.#answers.length === 0) return null
    return extrapolate(this.#answers, this.#pods.length)
  }
}
