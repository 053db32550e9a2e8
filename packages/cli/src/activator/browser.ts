import { spawn } from 'node:child_process'

/** Opens a page in the user's browser, with what BROWSER names if it is set. `onProblem` is told when there is no program for it. */
export function openBrowser(
  url: string,
  browser: string | undefined,
  onProblem: (text: string) => void,
): void {
  const ours = process.platform === 'darwin' ? 'open' : 'xdg-open'
  const program = browser === undefined || browser === '' ? ours : browser
  const child = spawn(program, [url], { stdio: 'ignore', detached: true })
  child.on('error', ({ message }) =>
    onProblem(`no browser could be opened (${message}): open ${url} yourself`),
  )
  child.unref()
}
