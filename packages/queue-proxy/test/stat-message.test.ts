import fc from 'fast-check'
import protobuf from 'protobufjs'
import t from 'tap'
import { encodeStat, STAT_BYTES_MAX } from '../src/stat-message.ts'

const Stat = protobuf
  .parse(
    `
  syntax = "proto3";
  package metrics;
  message Stat {
    string pod_name = 1;
    double average_concurrent_requests = 2;
    double average_proxied_concurrent_requests = 3;
    double request_count = 4;
    double proxied_request_count = 5;
    double process_uptime = 6;
    int64 timestamp = 7;
  }`,
  )
  .root.lookupType('metrics.Stat')

t.test('it says what a reference encoder says, byte for byte', async () => {
  const number = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true }))
  const report = fc.record({
    averageConcurrency: number,
    averageProxiedConcurrency: number,
    requestRate: number,
    proxiedRequestRate: number,
    endedAt: fc.double({ min: 1000, max: 1e9, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.string({ maxLength: 253 }), fc.option(report), (pod, report) => {
      const expected = Stat.encode({
        ...(pod === '' ? {} : { podName: pod }),
        ...(report === null
          ? {}
          : Object.fromEntries(
              Object.entries({
                averageConcurrentRequests: report.averageConcurrency,
                averageProxiedConcurrentRequests: report.averageProxiedConcurrency,
                requestCount: report.requestRate,
                proxiedRequestCount: report.proxiedRequestRate,
                processUptime: (report.endedAt - 500) / 1000,
              }).filter(([, value]) => value !== 0),
            )),
      }).finish()
      const got = encodeStat(pod, report, 500)
      if (!Buffer.from(expected).equals(got)) throw new Error(Buffer.from(got).toString('hex'))
    }),
  )
})

t.test('the longest pod name fits into what the autoscaler reads', async (t) => {
  const report = {
    averageConcurrency: 1,
    averageProxiedConcurrency: 1,
    requestRate: 1,
    proxiedRequestRate: 1,
    endedAt: 1,
  }
  t.ok(encodeStat('p'.repeat(253), report, 0).length <= STAT_BYTES_MAX)
})

t.test('before the first report it is the pod alone', async (t) => {
  t.equal(Buffer.from(encodeStat('pod', null, 0)).toString('latin1'), '\n\u0003pod')
})
