import type { Item, Section } from '../document/section.ts'
import {
  ADDRESS_RULE,
  HOST_RULE,
  isAddress,
  isHost,
  isHttpUrl,
  isLabel,
  isRouteHost,
  LABEL_RULE,
  ROUTE_HOST_RULE,
  URL_RULE,
} from './network-names.ts'

/** Where a revision or a route is when it does not say. */
const DEFAULT_NAMESPACE = 'default'

/** A name that must be there; empty when it is not. */
export function readName(section: Section, field: string): string {
  return checked(section.required(field, LABEL_RULE), isLabel, LABEL_RULE)
}

/** A name that may be left out or empty. */
export function readOptionalName(section: Section, field: string): string {
  const item = section.get(field)
  return item?.kind === 'text' && item.text() === '' ? '' : checked(item, isLabel, LABEL_RULE)
}

/** The namespace of a revision or a route. */
export function readNamespaceOf(section: Section): string {
  return checked(section.get('namespace'), isLabel, LABEL_RULE) || DEFAULT_NAMESPACE
}

/** `host:port`, in lower case. */
export function readAddress(item: Item): string {
  return checked(item, isAddress, ADDRESS_RULE, true)
}

/** An IP address or a host name, in lower case. */
export function readHost(item: Item): string {
  return checked(item, isHost, HOST_RULE, true)
}

/** A host of a route, in lower case. */
export function readRouteHost(item: Item): string {
  return checked(item, isRouteHost, ROUTE_HOST_RULE, true)
}

/** A URL that can be called. */
export function readUrl(item: Item | null): string {
  return checked(item, isHttpUrl, URL_RULE)
}

/** The text when it is valid; otherwise a problem, and an empty one. */
function checked(
  item: Item | null,
  isValid: (text: string) => boolean,
  rule: string,
  ignoresCase = false,
): string {
  if (item === null) return ''
  if (item.kind !== 'text') {
    item.mustBe(rule)
    return ''
  }
  const text = ignoresCase ? item.text().toLowerCase() : item.text()
  if (isValid(text)) return text
  item.mustBe(rule)
  return ''
}
