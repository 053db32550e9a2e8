/** What a revision was like since the last report. */
export interface ActivityFigures {
  /** Requests waiting or under way, averaged over the time since the last report. */
  readonly averageConcurrency: number
  /** Requests that arrived since the last report. */
  readonly requestCount: number
}

/** Whom a {@link RevisionActivity} tells that it became active. */
interface ActivityOwner {
  onActive(activity: RevisionActivity): void
}

/**
 * The activity of one revision, as Knative's activators report it. It lives as long as the revision; it is *active* from the first request
 * on until a whole interval passed without one.
 */
export class RevisionActivity {
  readonly #owner: ActivityOwner
  #isActive = false
  #concurrency = 0
  #changedAt = 0
  #seconds = 0
  #area = 0
  #arrived = 0
  /** What the poke has reported already, and the next report must not count again. */
  #poked = 0

  constructor(owner: ActivityOwner) {
    this.#owner = owner
  }

  /** Requests waiting or under way. */
  get concurrency(): number {
    return this.#concurrency
  }

  /** A request came, at `now` ms. */
  enter(now: number): void {
    if (this.#isActive) this.#advance(now)
    else this.#activate(now)
    this.#concurrency++
    this.#arrived++
  }

  /** A request is over. */
  leave(now: number): void {
    this.#advance(now)
    this.#concurrency--
  }

  #activate(now: number): void {
    this.#isActive = true
    this.#changedAt = now
    this.#poked = 1
    this.#owner.onActive(this)
  }

  /** Times that go backwards, as those of two sources may by a little, are taken as no time at all. */
  #advance(now: number): void {
    const elapsed = now - this.#changedAt
    if (elapsed <= 0) return
    this.#seconds += elapsed
    this.#area += this.#concurrency * elapsed
    this.#changedAt = now
  }

  /** The figures since the last report, less what the poke said. */
  report(now: number): ActivityFigures {
    this.#advance(now)
    const average = this.#seconds === 0 ? 0 : this.#area / this.#seconds
    const figures = {
      averageConcurrency: Math.max(0, average - this.#poked),
      requestCount: this.#arrived - this.#poked,
    }
    // One in which nothing was there at all is the last: the next request pokes again.
    this.#isActive = average > 0 || this.#concurrency > 0
    this.#seconds = 0
    this.#area = 0
    this.#arrived = 0
    this.#poked = 0
    return figures
  }

  /** Whether there will be another report. */
  get isActive(): boolean {
    return this.#isActive
  }
}

/**
 * The activity of all revisions (Knative's activator): a revision's first request is told at once, so that an instance is started without
 * waiting for the next report; that report then leaves it out.
 */
export class ActivityReporter<Key> {
  readonly #active = new Map<RevisionActivity, Key>()

  /** Makes the activity of a revision. `onFirst` is called for the first request of a quiet revision, before it is counted. */
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

  /** Reports every active revision, those without a single request too; afterwards those that are quiet are left out. `now` is in ms. */
  report(now: number, tell: (key: Key, figures: ActivityFigures) => void): void {
    for (const [activity, key] of this.#active) {
      tell(key, activity.report(now))
      if (!activity.isActive) this.#active.delete(activity)
    }
  }
}
