import t from 'tap'
import { Chromium, needsChromium, screenshotPath } from './browser.ts'
import { PageServer } from './page-server.ts'
import { coldStart, instance, report, revision } from './reports.ts'
import { everything } from './scenery.ts'

const hostile = '<img src=x onerror="hacked=1"><script>hacked=1</script>\u202e{{7*7}}"\'&amp;'

t.test('the live page for everybody', needsChromium, async (t) => {
  const chromium = await Chromium.start(t)

  t.test('all of it works by keyboard', async (t) => {
    const server = await PageServer.start(t, everything(0))
    const { page, problems } = await chromium.visit(server.url)
    await page.locator('.cold-start').first().waitFor()
    const order: string[] = []
    for (let step = 0; step < 9; step += 1) {
      await page.keyboard.press('Tab')
      order.push(
        String(await page.evaluate('document.activeElement.textContent || document.activeElement.id')),
      )
    }
    t.strictSame(order, [
      'Skip to the revisions',
      'Pause',
      'Ready 1',
      'Starting 1',
      'Trouble 1',
      'Ending 1',
      'At zero 1',
      'filter',
      'checkout-00001',
    ])
    t.not(
      await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'),
      'none',
      'focus can be seen',
    )
    const button = page.getByRole('button', { name: 'checkout-00001' })
    t.equal(await button.getAttribute('aria-expanded'), 'false')
    await page.keyboard.press('Enter')
    t.equal(await button.getAttribute('aria-expanded'), 'true')
    await page.getByText('checkout-00001-9dkq2').waitFor()
    server.show(everything(1))
    await page.locator('#vitals').getByText('1 h 2 min').waitFor()
    t.equal(await page.evaluate('document.activeElement.textContent'), 'checkout-00001', 'focus stays')
    await page.keyboard.press('Space')
    await page.getByText('checkout-00001-9dkq2').waitFor({ state: 'hidden' })
    await page.locator('.cold-start button').nth(1).press('Enter')
    await page.getByText('request-4').waitFor()
    t.strictSame(problems, [])
  })

  t.test('the accessibility tree says what the eye sees', async (t) => {
    const server = await PageServer.start(
      t,
      report({
        revisions: [
          revision('hello-00001', {
            state: 'ready',
            instances: [instance('hello-00001-x7k2p', { running: 2 })],
            running: 2,
          }),
        ],
        coldStarts: [coldStart('1')],
      }),
    )
    for (const width of [1280, 360]) {
      const { page } = await chromium.visit(server.url, { viewport: { width, height: 800 } })
      await page.locator('.cold-start').waitFor()
      const tree = (await page.locator('body').ariaSnapshot()).replaceAll('\u00a0', ' ')
      for (const part of [
        'banner:',
        'heading "Pilotlight" [level=1]',
        'main:',
        'region "Revisions"',
        'heading "Revisions" [level=2]',
        'table "Revisions"',
        'columnheader "State"',
        'rowheader "hello-00001 hello in default"',
        'button "hello-00001" [expanded]',
        'cell "Ready"',
        'cell "1 ready 2 of 10 slots"',
        'searchbox "Filter revisions by name, host or state"',
        'group "Show only one state"',
        'region "Last cold starts"',
        'table "Phases of the cold start of hello-00001"',
        'row "app start 48 ms 1.19 s"',
        'App start took 1.19 s of 1.39 s.',
      ])
        t.ok(tree.includes(part), `${part} at ${width} px`)
      await page.close()
    }
  })

  t.test('strings from elsewhere are text, however they look and however long they are', async (t) => {
    const long = hostile + 'x'.repeat(5_000)
    const server = await PageServer.start(
      t,
      report({
        revisions: [
          revision(long, {
            namespace: hostile,
            service: hostile,
            state: 'trouble',
            trouble: long,
            routes: [{ host: long, percent: 100, tag: long }],
            instances: [instance(long, { address: hostile }), instance(long, { address: hostile })],
          }),
        ],
        coldStarts: [
          coldStart(hostile, {
            revision: long,
            instance: long,
            requestId: long,
            outcome: 'failed',
            reason: long,
          }),
        ],
      }),
    )
    const { page, problems } = await chromium.visit(server.url, { viewport: { width: 360, height: 740 } })
    await page.locator('.cold-start button').click()
    t.equal(await page.locator('img, main script').count(), 0)
    t.equal(await page.evaluate('typeof hacked'), 'undefined')
    t.equal(await page.locator('.revision .name').first().textContent(), long)
    t.equal(await page.locator('ul.instances li').count(), 2, 'two of the same name are two')
    t.ok(
      await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
      'nothing scrolls sideways',
    )
    t.strictSame(problems, [])
  })

  t.test('without anything it says what to do', async (t) => {
    const server = await PageServer.start(t, report())
    const { page, problems } = await chromium.visit(server.url)
    await page.getByText('No revision is configured.').waitFor()
    await page.getByText('No cold start yet.').waitFor()
    t.strictSame(problems, [])
  })

  for (const [name, width, height, colorScheme] of [
    ['light', 1280, 900, 'light'],
    ['dark', 1680, 1050, 'dark'],
    ['phone', 360, 780, 'light'],
    ['large', 3840, 2160, 'dark'],
  ] as const) {
    t.test(`it fits: ${name}, ${width} px`, async (t) => {
      const server = await PageServer.start(t, everything(0))
      const { page, problems } = await chromium.visit(server.url, {
        viewport: { width, height },
        colorScheme,
        reducedMotion: 'reduce',
      })
      for (let second = 1; second <= 90; second += 1) server.show(everything(second))
      await page.locator('#vitals').getByText('1 h 3 min').waitFor()
      await page.locator('.revision .disclosure').nth(1).click()
      t.ok(
        await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
        'nothing scrolls sideways',
      )
      const ground = String(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor'))
      const [red] = /\d+/.exec(ground) ?? []
      t.equal(Number(red) < 128, colorScheme === 'dark', ground)
      await page.screenshot({ path: screenshotPath(name), fullPage: true })
      t.strictSame(problems, [])
      await page.close()
    })
  }
})
