import t from 'tap'
import { TrustedPeers } from '../src/trusted-peers.ts'

t.test('addresses and networks of both families', async (t) => {
  const problems: string[] = []
  const peers = new TrustedPeers('10.0.0.0/8, 192.0.2.7, fd00::/8,::1', 'QUEUE_TRUSTED_PEERS', problems)
  t.strictSame(problems, [])
  for (const address of ['10.255.0.1', '192.0.2.7', 'fd12::1', '::1'])
    t.equal(peers.has(address), true, address)
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db8::1', '', 'x'])
    t.equal(peers.has(address), false, address)
  t.equal(peers.has('10.255.0.1'), true, 'asked again')
})

t.test('every entry that is none is named', async (t) => {
  const problems: string[] = []
  const peers = new TrustedPeers(
    '10.0.0.0/33, *, host, 1.2.3.4/8/9, fd00::/129, 10.0.0.0/x',
    'QUEUE_TRUSTED_PEERS',
    problems,
  )
  t.equal(peers.has('10.0.0.1'), false)
  t.equal(problems.length, 6)
  for (const problem of problems) t.match(problem, /^QUEUE_TRUSTED_PEERS has ".*": it must be an IP address/)
})

t.test('many peers do not fill memory, and stay told apart', async (t) => {
  const peers = new TrustedPeers('10.0.0.0/8', 'QUEUE_TRUSTED_PEERS', [])
  for (let i = 0; i < 5000; i++) {
    const rest = `${i >> 8}.${i & 255}.1`
    if (!peers.has(`10.${rest}`) || peers.has(`11.${rest}`)) t.fail(rest)
  }
  t.pass('all as they should be')
})
