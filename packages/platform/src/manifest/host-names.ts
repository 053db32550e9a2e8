import { keyOf, type RevisionUse } from './revision-names.ts'

/**
 * Checks that no tag has the host of another Service, or of another Service's tag: `<tag>-<service>` may be the name of either, and only one
 * of them would get the requests.
 */
export function checkHostNames(uses: readonly RevisionUse[]): void {
  const owners = new Map<string, string>()
  for (const { manifest } of uses) owners.set(keyOf(manifest), `Service ${manifest.name}`)
  for (const { manifest, traffic } of uses)
    for (const { entry, tagItem } of traffic) {
      if (tagItem === null) continue
      const label = `${entry.tag}-${manifest.name}`
      const host = keyOf({ namespace: manifest.namespace, name: label })
      const own = `the tag ${entry.tag} of Service ${manifest.name}`
      const owner = owners.get(host)
      if (owner === undefined) owners.set(host, own)
      else if (owner !== own) tagItem.mustBe(`another: ${owner} has the host ${label} already`)
    }
}
