// @ts-check

/**
 * What shows one item.
 * @template Item
 * @typedef {{ readonly root: HTMLElement, update(item: Item): void }} View
 */

/**
 * The children of an element, one for each item. An item keeps its element as long as it is there, so that focus, selection and what
 * is under the pointer stay where they are.
 * @template Item
 */
export class KeyedList {
  /** @type {HTMLElement} */
  #parent
  /** @type {(item: Item) => string} */
  #keyOf
  /** @type {(item: Item) => View<Item>} */
  #create
  /** @type {Element | null} */
  #after
  /** @type {Map<string, View<Item>>} */
  #views = new Map()

  /**
   * @param {HTMLElement} parent has no other children, save those that stand before
   * @param {{ keyOf: (item: Item) => string, create: (item: Item) => View<Item>, after?: Element | null }} options `after`: the last of those
   */
  constructor(parent, { keyOf, create, after = null }) {
    this.#parent = parent
    this.#keyOf = keyOf
    this.#create = create
    this.#after = after
  }

  /**
   * Shows these items, in this order.
   * @param {readonly Item[]} items
   */
  update(items) {
    const keyed = this.#keyed(items)
    for (const [key, view] of this.#views) {
      if (!keyed.has(key)) this.#remove(key, view)
    }
    let next = this.#after === null ? this.#parent.firstElementChild : this.#after.nextElementSibling
    for (const [key, item] of keyed) {
      const view = this.#views.get(key) ?? this.#add(key, item)
      view.update(item)
      if (view.root === next) next = next.nextElementSibling
      else this.#parent.insertBefore(view.root, next)
    }
  }

  /**
   * @param {readonly Item[]} items
   * @returns {Map<string, Item>} what comes twice has its number in the key
   */
  #keyed(items) {
    const keyed = new Map()
    for (const item of items) {
      const key = this.#keyOf(item)
      keyed.set(keyed.has(key) ? `${key}\n${keyed.size}` : key, item)
    }
    return keyed
  }

  /**
   * @param {string} key
   * @param {Item} item
   * @returns {View<Item>}
   */
  #add(key, item) {
    const view = this.#create(item)
    this.#views.set(key, view)
    return view
  }

  /**
   * @param {string} key
   * @param {View<Item>} view
   */
  #remove(key, view) {
    // Focus would fall back to the top of the document: it goes to the list, so that Tab continues near by.
    const hadFocus = view.root.contains(document.activeElement)
    this.#views.delete(key)
    view.root.remove()
    if (hadFocus) {
      const region = this.#parent.closest('section')
      region?.focus({ preventScroll: true })
    }
  }
}
