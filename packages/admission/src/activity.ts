/** What a revision was like since its last report. */
export interface ActivityFigures {
  /** Requests waiting or under way, averaged over time; the poke is left out of the first report after it. */
  readonly averageConcurrency: number
  /** Requests that arrived, without the one the poke has told of. */
  readonly requestCount: number
}

/** Hears of the first request of a quiet revision. */
interface ActivityOwner {
  onActive(activity: RevisionActivity): void
}

/**
 * The activity of one revision, as Knative's activators report it. It lives as long as the revision and is made by an
 * {@link ActivityReporter}:
 *
 *     Quiet ── enter: poke ──► Active ── report in which nothing was there ──► Quiet
 *
 * Invariants: it is active while a request is inside; what pokes and reports have counted adds up to the requests that arrived. Where
 * Knative counts references, so that a report does not end an entry that a request has just found, here a request is counted before
 * anybody is told of it.
 */
export class RevisionActivity {
  readonly #owner: ActivityOwner
  #isActive = false
  #concurrency = 0
  #changedAt = 0
  /** Since the last report, ms, and requests × ms. */
  #elapsed = 0
  #area = 0
  #arrived = 0
  /** Requests the poke has told of, and the next report must not: 1 or 0. */
  #poked = 0

  /** `owner` is told of every first request. */
  constructor(owner: ActivityOwner) {
    this.#owner = owner
  }

  /** Requests waiting or under way. */
  get concurrency(): number {
    return this.#concurrency
  }

  /** Whether it will be in the next report. */
  get isActive(): boolean {
    return this.#isActive
  }

  /** A request came, at `now` ms. */
  enter(now: number): void {
    if (!this.#isActive) return this.#enterFirst(now)
    this.#advance(now)
    this.#concurrency++
    this.#arrived++
  }

  /** A request that came is over, at `now` ms. */
  leave(now: number): void {
    this.#advance(now)
    this.#concurrency--
  }

  #enterFirst(now: number): void {
    this.#isActive = true
    this.#changedAt = now
    this.#concurrency++
    this.#arrived++
    this.#poked = 1
    this.#owner.onActive(this)
  }

  /** Times that go backwards, as those of two sources may by a little, are taken as no time at all. */
  #advance(now: number): void {
    const elapsed = now - this.#changedAt
    if (elapsed <= 0) return
    this.#elapsed += elapsed
    this.#area += this.#concurrency * elapsed
    this.#changedAt = now
  }

  /**
   * The figures since the last report, which begin anew at `now` ms. It is quiet afterwards when the average was 0 and nobody is inside.
   * Knative judges by the average alone, so that a request which took no time at all does not count as activity.
   */
  report(now: number): ActivityFigures {
    this.#advance(now)
    const average = this.#elapsed === 0 ? 0 : this.#area / this.#elapsed
    const figures = {
      averageConcurrency: Math.max(0, average - this.#poked),
      requestCount: this.#arrived - this.#poked,
    }
    this.#isActive = average > 0 || this.#concurrency > 0
    this.#elapsed = 0
    this.#area = 0
    this.#arrived = 0
    this.#poked = 0
    return figures
  }
}

/**
 * The activity of all revisions. The first request of a quiet one is told at once (the poke: an average of 1, 1 request), so that an
 * instance is started without waiting for the next report; that report then leaves it out.
 */
export class ActivityReporter<Key> {
  readonly #active = new Map<RevisionActivity, Key>()

  /**
   * Makes the activity of a revision; whoever has it needs no look-up for its requests. `onFirst` is called whenever a request comes while
   * the revision is not among those reported, from within {@link RevisionActivity.enter}: the poke. It may ask for a report.
   */
  revision(key: Key, onFirst: () => void): RevisionActivity {
    return new RevisionActivity({
      onActive: (activity) => {
        this.#active.set(activity, key)
        onFirst()
      },
    })
  }

  /** Revisions that will be in the next report. */
  get active(): number {
    return this.#active.size
  }

  /**
   * Tells of every active revision, also when there was nothing; those in which nothing was are left out from now on. Knative reports
   * every second. `now` is in ms.
   */
  report(now: number, tell: (key: Key, figures: ActivityFigures) => void): void {
    for (const [activity, key] of this.#active) {
      tell(key, activity.report(now))
      if (!activity.isActive) this.#active.delete(activity)
    }
  }
}
