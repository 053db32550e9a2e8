import { Environment } from '@pilotlight/telemetry'
import t from 'tap'
import { readListenAddress } from '../src/listen-address.ts'

function read(value: string | undefined): { address: string; problems: readonly string[] } {
  const env = new Environment(value === undefined ? {} : { A_HOST: value })
  return { address: readListenAddress(env, 'A_HOST'), problems: env.problems }
}

t.test('an address is taken as it is, and none is all of them', async (t) => {
  for (const address of ['127.0.0.1', '::1', '0.0.0.0'])
    t.strictSame(read(address), { address, problems: [] })
  for (const none of ['', undefined]) t.strictSame(read(none), { address: '::', problems: [] })
})

t.test('what is no address is a problem', async (t) => {
  for (const wrong of ['localhost', '127.0.0.1:80', '1.2.3', ' 127.0.0.1'])
    t.match(read(wrong), {
      address: '::',
      problems: [`A_HOST is ${JSON.stringify(wrong)}: it must be an IP address of this machine`],
    })
})
