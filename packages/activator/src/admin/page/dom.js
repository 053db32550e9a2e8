// @ts-check

/** Typed as what it makes. @type {'http://www.w3.org/2000/svg'} */
const SVG = 'http://www.w3.org/2000/svg'

/**
 * A new element. What comes from the network goes in as a text node, never as markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, string>>} [attributes]
 * @param {readonly (Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, children = []) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/**
 * A new SVG element.
 * @param {string} tag
 * @param {Readonly<Record<string, string>>} attributes
 * @param {readonly Node[]} [children]
 * @returns {SVGElement}
 */
export function svg(tag, attributes, children = []) {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/**
 * One of the shapes in index.html. Text stands beside it, so it is hidden from screen readers.
 * @returns {{ readonly root: SVGElement, readonly show: (name: string) => void }}
 */
export function icon() {
  const use = svg('use', {})
  const root = svg('svg', { class: 'icon', 'aria-hidden': 'true', viewBox: '0 0 16 16' }, [use])
  return {
    root,
    show: (name) => {
      setAttribute(use, 'href', `#shape-${name}`)
      setAttribute(root, 'data-shape', name)
    },
  }
}

/** @returns {SVGElement} turns when its button is expanded */
export function chevron() {
  const { root, show } = icon()
  show('chevron')
  return root
}

/**
 * Changes the text of a node only if it is another one: a selection in it stays, and nothing is laid out again.
 * @param {Node} node without element children
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}

/**
 * @param {Element} target
 * @param {string} name
 * @param {string} value
 */
export function setAttribute(target, name, value) {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value)
}

/**
 * @param {HTMLElement} target
 * @param {boolean} isShown
 */
export function setShown(target, isShown) {
  if (target.hidden === isShown) target.hidden = !isShown
}

/**
 * An element of index.html.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 * @throws {Error} when it is not there
 */
export function byId(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`index.html has no #${id}`)
  return /** @type {T} */ (found)
}

/**
 * A button that shows and hides a part of the page.
 * @param {{ button: HTMLButtonElement, part: HTMLElement, isOpen: boolean, onToggle?: (isOpen: boolean) => void }} options
 */
export function disclose({ button, part, isOpen, onToggle }) {
  const show = (/** @type {boolean} */ isShown) => {
    part.hidden = !isShown
    button.setAttribute('aria-expanded', String(isShown))
  }
  show(isOpen)
  button.setAttribute('aria-controls', part.id)
  button.addEventListener('click', () => {
    show(part.hidden === true)
    onToggle?.(!part.hidden)
  })
}
