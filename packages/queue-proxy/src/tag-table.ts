import { ownText } from '@pilotlight/telemetry'

/** Route tags that are told apart; a Service has a handful. Requests name them, so there must be a bound. */
export const TAGS_MAX = 64
/** Longest tag, characters: it is part of a host name, and so a label of DNS. */
const TAG_LENGTH_MAX = 63
/** What every further tag is called. */
export const OTHER_TAG = '_OTHER'

/** Keeps something for each route tag, within bounds. */
export class TagTable<Entry> {
  readonly #create: (label: string) => Entry
  readonly #entries = new Map<string, Entry>()
  #other: Entry | null = null
  #lastTag = ''
  #last: Entry | null = null

  /** `create` makes what is kept for a tag, under the name it has in labels. */
  constructor(create: (label: string) => Entry) {
    this.#create = create
  }

  /** What is kept for `tag`, made when it is asked for first. */
  get(tag: string): Entry {
    // One request's tag is nearly always the last one's.
    if (tag === this.#lastTag && this.#last !== null) return this.#last
    const known = tag.length <= TAG_LENGTH_MAX ? this.#entries.get(tag) : undefined
    if (known === undefined && !this.#hasRoomFor(tag)) return (this.#other ??= this.#create(OTHER_TAG))
    // The tag is a piece of a whole head, which must not live as long as the table.
    const own = ownText(tag, TAG_LENGTH_MAX)
    const entry = known ?? this.#create(own)
    if (known === undefined) this.#entries.set(own, entry)
    this.#lastTag = own
    this.#last = entry
    return entry
  }

  #hasRoomFor(tag: string): boolean {
    return tag.length <= TAG_LENGTH_MAX && this.#entries.size < TAGS_MAX
  }
}
