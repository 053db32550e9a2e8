import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import { PATIENCE_MS } from '../support/within.ts'

const root = join(import.meta.dirname, '../../../..')

/** Debian's and other names of Chromium. */
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The program of Chromium: `CHROMIUM_PATH`, or the first on `PATH`; undefined where there is none. */
export function chromiumPath(): string | undefined {
  const given = process.env['CHROMIUM_PATH']
  if (given !== undefined && given !== '') return given
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Options of a test that needs Chromium: skipped, with the reason, where there is none. */
export const needsChromium: { skip: string | false } = {
  skip: chromiumPath() === undefined && 'no chromium on PATH, and no CHROMIUM_PATH',
}

/** A page, and what went wrong in it. */
export interface Visit {
  readonly page: Page
  /** Errors on the console (broken content security policy among them), exceptions, requests to other hosts. */
  readonly problems: string[]
}

/** Starts Chromium for a test, and visits pages with it. */
export class Chromium {
  readonly #browser: Browser

  private constructor(browser: Browser) {
    this.#browser = browser
  }

  static async start(t: Test): Promise<Chromium> {
    const path = chromiumPath()
    if (path === undefined) throw new Error('there is no chromium')
    // Its sandbox does not work for root, as in a container.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    const browser = await chromium.launch({ executablePath: path, args, timeout: 60_000 })
    t.teardown(() => browser.close())
    return new Chromium(browser)
  }

  /** Opens a page and waits until it has shown a report. */
  async visit(url: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const page = await this.#browser.newPage({ viewport: { width: 1280, height: 800 }, ...options })
    page.setDefaultTimeout(PATIENCE_MS)
    const problems: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) problems.push(message.text())
    })
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url())
      if (protocol !== 'data:' && origin !== new URL(url).origin) problems.push(`request to ${request.url()}`)
    })
    await page.goto(url)
    await page.locator('#link[data-state=live]').waitFor()
    return { page, problems }
  }
}

/** Where pictures of the page are kept: `CI_ARTIFACTS`, or `artifacts/screenshots/`, which Git does not see. */
export function screenshotPath(name: string): string {
  const given = process.env['CI_ARTIFACTS']
  const folder = given === undefined || given === '' ? join(root, 'artifacts/screenshots') : given
  mkdirSync(folder, { recursive: true })
  if (folder.startsWith(root)) writeFileSync(join(folder, '.gitignore'), '*\n')
  return join(folder, `${name}.png`)
}
