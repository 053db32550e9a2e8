// @ts-check
/** @import { InstanceRow, RevisionRow } from './revision-row.js' */
/** @import { View } from './keyed-list.js' */
import { element, icon, setAttribute, setShown, setText } from './dom.js'
import { counted } from './format.js'
import { KeyedList } from './keyed-list.js'

/** Instances shown before the reader asks for all. */
const INSTANCES_SHOWN = 12

/**
 * The part of a revision that opens: its instances, its routes, its numbers.
 * @returns {View<RevisionRow>}
 */
export function detailView() {
  const routes = element('ul', { class: 'routes' })
  const routeList = new KeyedList(routes, { keyOf: ({ host, tag }) => `${tag} ${host}`, create: routeView })
  const noRoutes = element('p', { class: 'empty' }, ['No host leads here.'])
  const instances = element('ul', { class: 'instances' })
  const instanceList = new KeyedList(instances, {
    keyOf: (/** @type {InstanceRow} */ row) => row.key,
    create: instanceView,
  })
  const noInstances = element('p', { class: 'empty' })
  const more = element('button', { type: 'button', class: 'quiet' })
  const facts = element('dl', { class: 'facts' })
  const factList = new KeyedList(facts, {
    keyOf: (/** @type {readonly [string, string]} */ fact) => fact[0],
    create: factView,
  })
  let shown = INSTANCES_SHOWN
  /** @type {RevisionRow | undefined} */
  let last
  /** @param {RevisionRow} row */
  const update = (row) => {
    last = row
    routeList.update(row.routes)
    setShown(noRoutes, row.routes.length === 0)
    instanceList.update(row.instanceRows.slice(0, shown))
    setText(noInstances, noInstanceText(row))
    setShown(noInstances, row.instanceRows.length === 0)
    const rest = row.instanceRows.length - shown
    setText(more, `Show ${counted(rest, 'more instance')}`)
    setShown(more, rest > 0)
    factList.update(row.facts)
  }
  more.addEventListener('click', () => {
    shown = Infinity
    if (last !== undefined) update(last)
  })
  const root = element('div', { class: 'detail-parts' }, [
    part('Instances', [instances, noInstances, more]),
    part('Routes', [routes, noRoutes]),
    part('Now', [facts]),
  ])
  return { root, update }
}

/**
 * @param {RevisionRow} row
 * @returns {string}
 */
function noInstanceText({ state, routes }) {
  if (state === 'unknown') return 'Not known until the activator can be reached.'
  if (state === 'starting') return 'One is on its way.'
  if (state === 'trouble') return 'None could be started.'
  const host = routes[0]?.host
  return host === undefined ? 'Nothing runs.' : `Nothing runs: send a request to ${host}.`
}

/** @returns {View<{ text: string, host: string, tag: string }>} */
function routeView() {
  const percent = element('span', { class: 'percent' })
  const host = element('span', { class: 'host' })
  const tag = element('span', { class: 'tag' })
  return {
    root: element('li', {}, [percent, ' ', element('span', {}, [host, ' ', tag])]),
    update: (route) => {
      setText(percent, route.text)
      setText(host, route.host)
      setText(tag, route.tag)
      setShown(tag, route.tag !== '')
    },
  }
}

/** @returns {View<InstanceRow>} */
function instanceView() {
  const state = icon()
  const name = element('span', { class: 'name' })
  const note = element('span', { class: 'note' })
  const boxes = boxesView()
  const load = element('span', { class: 'load' })
  const time = element('span', { class: 'age' })
  const root = element('li', {}, [state.root, name, ' ', note, ' ', boxes.root, ' ', load, ' ', time])
  return {
    root,
    update: (row) => {
      setAttribute(root, 'data-state', row.state)
      state.show(row.state)
      setText(name, row.name)
      setText(note, row.address === '' ? row.stateText : `${row.stateText} at ${row.address}`)
      boxes.update(row)
      setText(load, row.load)
      setText(time, row.age)
    },
  }
}

/**
 * The slots of an instance as boxes, as many full as there are requests; the same stands beside them as text.
 * @returns {View<InstanceRow>}
 */
export function boxesView() {
  const root = element('span', { class: 'boxes', 'aria-hidden': 'true' })
  return {
    root,
    update: ({ boxes, used }) => {
      while (root.childElementCount > boxes) root.lastElementChild?.remove()
      while (root.childElementCount < boxes) root.append(element('i'))
      Array.from(root.children).forEach((box, index) => setAttribute(box, 'data-used', String(index < used)))
    },
  }
}

/**
 * @param {readonly [string, string]} fact
 * @returns {View<readonly [string, string]>}
 */
function factView([label]) {
  const value = element('dd')
  return {
    root: element('div', {}, [element('dt', {}, [label]), value]),
    update: ([, text]) => setText(value, text),
  }
}

/**
 * @param {string} heading
 * @param {readonly Node[]} children
 */
function part(heading, children) {
  return element('div', {}, [element('h3', {}, [heading]), ...children])
}
