import fc from 'fast-check'
import protobuf from 'protobufjs'
import t from 'tap'
import {
  decodeHealthResponse,
  encodeHealthRequest,
  readGrpcMessage,
  servingStatusName,
} from '../src/health-check.ts'

const { root } = protobuf.parse(`
  syntax = "proto3";
  package grpc.health.v1;
  message HealthCheckRequest { string service = 1; }
  message HealthCheckResponse {
    enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
    ServingStatus status = 1;
  }
  message LaterResponse {
    int32 status = 1; string text = 2; fixed64 a = 3; fixed32 b = 4; int64 c = 5; repeated int32 d = 100;
  }
`)
const Request = root.lookupType('grpc.health.v1.HealthCheckRequest')
const Response = root.lookupType('grpc.health.v1.HealthCheckResponse')
const Later = root.lookupType('grpc.health.v1.LaterResponse')

t.test('the request has the bytes that protobufjs makes', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (service) => {
      const frame = encodeHealthRequest(service)
      const message = Buffer.from(Request.encode({ service }).finish())
      // proto3 leaves out what is empty, which protobufjs does not.
      const expected = service === '' ? Buffer.alloc(0) : message
      return frame.readUIntBE(0, 5) === expected.length && frame.subarray(5).equals(expected)
    }),
  )
  t.equal(encodeHealthRequest('').toString('hex'), '0000000000')
  t.equal(encodeHealthRequest('ns').toString('hex'), '00000000040a026e73')
})

t.test('every status is read as protobufjs writes it, and named', async (t) => {
  for (const [status, name] of ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'].entries()) {
    t.equal(decodeHealthResponse(Buffer.from(Response.encode({ status }).finish())), status)
    t.equal(servingStatusName(status), name)
  }
  t.equal(decodeHealthResponse(Buffer.alloc(0)), 0, 'absent is UNKNOWN')
  t.equal(servingStatusName(9), '9')
  t.equal(servingStatusName(decodeHealthResponse(Buffer.from('08ffffffffffffffffff01', 'hex'))), '-1')
  t.equal(decodeHealthResponse(Buffer.from('08818080808001', 'hex')), 1, 'more than 32 bits')
})

t.test('fields of later versions are skipped', async (t) => {
  fc.assert(
    fc.property(
      fc.nat({ max: 1_000_000 }),
      fc.string(),
      fc.array(fc.integer(), { maxLength: 5 }),
      (status, text, d) => {
        const bytes = Later.encode({ status, text, a: 1, b: 2, c: 3, d }).finish()
        return decodeHealthResponse(Buffer.from(bytes)) === status
      },
    ),
  )
  t.pass()
})

t.test('any bytes are read or refused, as protobufjs does where it is as strict', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
      const status = decodeHealthResponse(Buffer.from(bytes))
      return Number.isInteger(status) && status >= -1
    }),
    { numRuns: 3000 },
  )
  for (const hex of [
    'ff',
    '08',
    '0a',
    '0a05aa',
    '0b',
    '00',
    '0001',
    '0d010203',
    '09',
    '08ffffffffffffffffffff01',
  ])
    t.equal(decodeHealthResponse(Buffer.from(hex, 'hex')), -1, hex)
})

t.test('a body is one whole message that is not compressed', async (t) => {
  const problem = (hex: string): string => readGrpcMessage(Buffer.from(hex, 'hex')).problem
  t.strictSame(readGrpcMessage(Buffer.from('00000000020801', 'hex')), {
    message: Buffer.from('0801', 'hex'),
    problem: '',
  })
  t.equal(problem('0000000000'), '')
  t.equal(problem(''), 'grpc: the response has no message')
  t.equal(problem('00000000'), 'unexpected EOF')
  t.equal(problem('000000000208'), 'unexpected EOF')
  t.equal(problem('00ffffffff08'), 'unexpected EOF')
  t.equal(problem('01000000020801'), 'grpc: compressed flag set with identity or empty encoding')
  t.equal(problem('0000000002080100'), 'grpc: the response has more than one message')
})
