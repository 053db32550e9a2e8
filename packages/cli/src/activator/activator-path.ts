import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The one beside this package: seen from this file, and from the one file into which the npm package puts all of them. */
const BESIDE = ['../../../activator/dist/main.js', '../../activator/dist/main.js'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
)

/** Path of the activator program, or why there is none. */
export function findActivator(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): { readonly path: string; readonly problem: string } {
  const given = env.PILOTLIGHT_ACTIVATOR ?? ''
  const path = given === '' ? (BESIDE.find((one) => existsSync(one)) ?? BESIDE[0]) : resolve(folder, given)
  if (existsSync(path)) return { path, problem: '' }
  const problem =
    given === ''
      ? `the activator is not at ${path}: build the repository with npm run build, or name the program in PILOTLIGHT_ACTIVATOR`
      : `PILOTLIGHT_ACTIVATOR is ${JSON.stringify(given)}: it must be the path of the activator's program, and there is no such file`
  return { path, problem }
}
