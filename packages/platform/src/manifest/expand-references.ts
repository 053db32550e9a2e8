const REFERENCE = /\$(?:\$|\(([^)]*)\))/g

/**
 * Replaces each `$(NAME)` by what `lookup` has for the name, as Kubernetes does in `command`, `args` and `env`: `$$` is one `$`, so that
 * `$$(NAME)` stays `$(NAME)`, and a name that `lookup` does not know stays as it is. What is put in is not looked at again.
 */
export function expandReferences(text: string, lookup: (name: string) => string | undefined): string {
  return text.replaceAll(REFERENCE, (whole: string, name: string | undefined) =>
    name === undefined ? '$' : (lookup(name) ?? whole),
  )
}
