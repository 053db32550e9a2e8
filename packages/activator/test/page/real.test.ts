// The page as the activator serves it, of services that really run.
import t from 'tap'
import { appManifest, Local } from '../../../../test/local/support/local.ts'
import { Chromium, needsChromium } from './browser.ts'

t.test('it shows a service go from zero to its first answer', needsChromium, async (t) => {
  const local = await Local.start(t, { 'hello.yaml': appManifest() }, { ACTIVATOR_ADMIN_PORT: '0' })
  const chromium = await Chromium.start(t)
  const { page, problems } = await chromium.visit(`http://127.0.0.1:${local.service.ports['admin']}/`)
  const row = page.locator('.revision').first()
  await row.locator('.state').getByText('At zero').waitFor()
  t.equal((await local.ask()).status, 200)
  await row.locator('.state').getByText('Ready').waitFor()
  await page.getByText('app start').first().waitFor()
  await page.getByText('served').first().waitFor()
  t.strictSame(problems, [])
})

t.test('it is not there when it is switched off', async (t) => {
  const env = { ACTIVATOR_ADMIN_PORT: '0', ACTIVATOR_ADMIN_PAGE: 'false' }
  const local = await Local.start(t, { 'hello.yaml': appManifest() }, env)
  const response = await fetch(`http://127.0.0.1:${local.service.ports['admin']}/`)
  t.equal(response.status, 404)
  t.equal((await fetch(`http://127.0.0.1:${local.service.ports['admin']}/status`)).status, 200)
})
