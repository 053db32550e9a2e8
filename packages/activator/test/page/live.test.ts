import t from 'tap'
import { until } from '../support/within.ts'
import { Chromium, needsChromium } from './browser.ts'
import { PageServer } from './page-server.ts'
import { coldStart, instance, report, revision } from './reports.ts'

const zero = report({ revisions: [revision('hello-00001'), revision('other-00001')] })

t.test('the live page', needsChromium, async (t) => {
  const chromium = await Chromium.start(t)

  t.test('rows appear, and change in place by events', async (t) => {
    const server = await PageServer.start(t, zero)
    const { page, problems } = await chromium.visit(server.url)
    const row = page.locator('.revision').first()
    await row.getByText('At zero').waitFor()
    await page
      .getByText('Nothing runs: send a request to hello.default.localhost and see it start.')
      .waitFor()
    await page.evaluate('window.kept = document.querySelector(".revision")')
    await row.getByRole('button', { name: 'hello-00001' }).focus()
    const scrolled = await page.evaluate('scrollTo(0, 40), scrollY')
    server.show(
      report(
        {
          revisions: [
            revision('hello-00001', {
              state: 'ready',
              instances: [instance('hello-00001-x7k2p', { running: 4 })],
              running: 4,
            }),
            revision('other-00001'),
          ],
        },
        1,
      ),
    )
    await row.getByText('4 of 10 slots').waitFor()
    t.equal(await row.locator('.state').innerText(), 'Ready')
    t.equal(await row.locator('.instances i[data-used=true]').count(), 4)
    t.equal(await row.locator('.instances i').count(), 10)
    t.ok(
      await page.evaluate('kept.isConnected && kept === document.querySelector(".revision")'),
      'the row is the same',
    )
    t.equal(await page.evaluate('document.activeElement.textContent'), 'hello-00001', 'focus stays')
    t.equal(await page.evaluate('scrollY'), scrolled, 'nothing scrolls')
    t.equal(await page.locator('#announcements').innerText(), 'hello-00001: Ready')
    await page.locator('#hint').waitFor({ state: 'hidden' })
    t.strictSame(problems, [])
  })

  t.test('a lost connection is said, nothing stale is shown, and it comes back', async (t) => {
    const server = await PageServer.start(
      t,
      report({
        revisions: [revision('hello-00001', { state: 'ready', held: 42, instances: [instance('one')] })],
      }),
    )
    const { page } = await chromium.visit(server.url)
    const row = page.locator('.revision').first()
    await row.locator('.held').getByText('42').waitFor()
    const { port } = server
    await server.stop()
    await page.getByText(/^Not connected for \d+\ss; retrying$/).waitFor()
    await row.getByText('Unknown').waitFor()
    t.equal(await row.locator('.held .main').innerText(), '–')
    t.equal(await page.locator('#announcements').innerText(), 'Not connected to the activator')
    await server.listen(port)
    await row.locator('.held').getByText('42').waitFor()
    t.equal(await page.locator('#link').innerText(), 'Live')
    await until('it listens to events again', () => server.listeners === 1)
    await page.close()
  })

  t.test('where there are no events it asks for the status', async (t) => {
    const server = await PageServer.start(t, zero)
    const { page } = await chromium.visit(server.url)
    server.refuseEvents()
    server.show(
      report({ revisions: [revision('hello-00002', { state: 'trouble', trouble: 'exit code 1' })] }, 1),
    )
    await page.getByText('exit code 1').waitFor()
    t.equal(await page.locator('#link').innerText(), 'Live')
    await page.close()
  })

  t.test('what is not a report, and an older one, change nothing', async (t) => {
    const server = await PageServer.start(t, report({ revisions: [revision('hello-00001')] }, 10))
    const { page, problems } = await chromium.visit(server.url)
    await page.locator('.revision').waitFor()
    for (const data of ['{', 'null', '7', '{"version":1}', '{"version":1,"revisions":{},"coldStarts":[]}'])
      server.sendRaw('status', data)
    server.sendRaw('cold-start', '{"id":7}')
    server.sendRaw('status', JSON.stringify(report({ revisions: [] }, 5)))
    server.show(report({ revisions: [revision('hello-00001'), revision('hello-00002')] }, 11))
    await page.getByRole('button', { name: 'hello-00002' }).waitFor()
    t.equal(await page.locator('.revision').count(), 2)
    t.strictSame(problems, [])
  })

  t.test('while it is paused nothing changes', async (t) => {
    const server = await PageServer.start(t, zero)
    const { page, problems } = await chromium.visit(server.url)
    await page.locator('.revision').first().waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText(/^Paused at \d\d:\d\d:\d\d/).waitFor()
    await page.evaluate(`
      window.changes = 0
      new MutationObserver((records) => (changes += records.length)).observe(document.querySelector('main'), {
        subtree: true, childList: true, characterData: true, attributes: true,
      })
      window.reports = new Promise((resolve) => {
        const source = new EventSource('events')
        source.addEventListener('status', (event) => JSON.parse(event.data).revisions.length === 1 && resolve(source.close()))
      })
      'set up'`)
    server.show(report({ revisions: [revision('late-00001')], coldStarts: [coldStart('1')] }, 1))
    // Another listener of the same page has got it, so the page has, too; two frames are enough to draw it.
    await page.evaluate(
      'reports.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))',
    )
    t.equal(await page.evaluate('changes'), 0)
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('late-00001').waitFor()
    t.equal(await page.locator('.revision').count(), 1)
    t.equal(await page.locator('.cold-start').count(), 1)
    t.strictSame(problems, [])
  })

  t.test('new cold starts wait while the list is being read', async (t) => {
    const server = await PageServer.start(
      t,
      report({ revisions: [revision('hello-00001')], coldStarts: [coldStart('1')] }),
    )
    const { page, problems } = await chromium.visit(server.url)
    const first = page.locator('.cold-start').first()
    await first.getByText('App start took 1.19 s of 1.39 s.').waitFor()
    await first.getByRole('button').click()
    await first.getByText('request-1').waitFor()
    server.coldStart(coldStart('2', { startedAt: new Date(Date.parse(zero.at) - 5_000).toISOString() }))
    await page.getByRole('button', { name: 'Show 1 new cold start' }).click()
    await page.locator('.cold-start').nth(1).waitFor()
    t.equal(await page.locator('.cold-start').count(), 2)
    await first.getByRole('button').click()
    await first.getByText('request-2').waitFor()
    t.strictSame(problems, [])
  })

  t.test('of a thousand revisions only what changed is drawn', async (t) => {
    const many = (changed: ReadonlySet<number>) =>
      Array.from({ length: 1_000 }, (_, index) =>
        revision(
          `app-${String(index).padStart(4, '0')}-00001`,
          changed.has(index) ? { state: 'starting', held: 1 } : {},
        ),
      )
    const server = await PageServer.start(t, report({ revisions: many(new Set()) }))
    const { page, problems } = await chromium.visit(server.url)
    await page.getByText('50 of 1,000 shown').waitFor()
    t.equal(await page.locator('.revision').count(), 50)
    await page.evaluate(`
      window.records = []
      new MutationObserver((more) => records.push(...more)).observe(document.getElementById('revision-table'), {
        subtree: true, childList: true, characterData: true, attributes: true,
      })`)
    server.show(report({ revisions: many(new Set([3, 17, 999])) }, 1))
    await page.locator('.revision').nth(17).getByText('Starting').waitFor()
    const touched = await page.evaluate(`
      [...new Set(records.map(({ target }) => (target.closest ? target : target.parentElement).closest('.revision')
        .querySelector('.name').textContent))]`)
    t.strictSame(touched, ['app-0003-00001', 'app-0017-00001'])
    t.ok(Number(await page.evaluate('records.length')) <= 40)

    await page.getByRole('searchbox').fill('app-0999')
    await page.getByText('1 of 1,000 shown').waitFor()
    t.equal(await page.locator('.revision .state').innerText(), 'Starting')
    await page.getByRole('searchbox').fill('')
    await page.getByRole('button', { name: 'Starting 3' }).click()
    await page.getByText('3 of 1,000 shown').waitFor()
    await page.getByRole('button', { name: 'Starting 3' }).click()
    await page.getByRole('button', { name: 'Show 100 more' }).click()
    await page.getByText('150 of 1,000 shown').waitFor()
    await page.getByRole('searchbox').fill('nothing like this')
    await page.getByText('No revision matches.').waitFor()
    t.strictSame(problems, [])
  })
})
