import t from 'tap'
import {
  checkTransferEncoding,
  keepAliveTimeout,
  listElements,
  listHas,
  parseContentLength,
} from '../src/field-lists.ts'
import { nameOf } from './support/heads.ts'

t.test('elements stand between commas, without white space around them', async (t) => {
  t.strictSame(listElements('a,b ,\tc d\t'), ['a', 'b', 'c d'])
  t.strictSame(listElements(' , '), ['', ''], 'empty ones are kept')
  t.strictSame(listElements(''), [''])
  t.strictSame(listElements('\xa0a\x0b'), ['\xa0a\x0b'], 'only SP and HTAB are white space')
})

t.test('an element is found whatever its case, but only as a whole', async (t) => {
  t.ok(listHas('x, TRAILERS', 'trailers'))
  t.notOk(listHas('trailersx', 'trailers'))
  t.notOk(listHas('trailers;q=0.5', 'trailers'), 'a parameter makes another element')
  t.notOk(listHas('"trailers"', 'trailers'))
})

t.test('a Content-Length is one plain number', async (t) => {
  t.equal(parseContentLength('0'), 0)
  t.equal(parseContentLength('007'), 7)
  t.equal(parseContentLength('9007199254740991'), 9007199254740991)
  for (const value of [
    '',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '1.0',
    '1e1',
    '0x1',
    '1,1',
    '1_0',
    '\xb2',
    '9007199254740992',
    '9'.repeat(400),
  ]) {
    t.equal(nameOf(parseContentLength(value)), 'bad-content-length', JSON.stringify(value))
  }
})

t.test('the only transfer coding is one chunked', async (t) => {
  t.equal(checkTransferEncoding('chunked'), 0)
  t.equal(checkTransferEncoding('cHuNkEd'), 0)
  for (const value of [
    '',
    ',',
    'chunked,',
    'chunked, chunked',
    'chunked;a',
    '"chunked"',
    'a b',
    'chunked\xa0',
  ]) {
    t.equal(nameOf(checkTransferEncoding(value)), 'bad-transfer-encoding', JSON.stringify(value))
  }
  for (const value of ['gzip', 'gzip, chunked', 'chunked, gzip', 'identity', 'xchunked', 'gzip;q=1']) {
    t.equal(nameOf(checkTransferEncoding(value)), 'unknown-transfer-coding', JSON.stringify(value))
  }
})

t.test('a keep-alive timeout is whole seconds', async (t) => {
  t.equal(keepAliveTimeout('timeout=5, max=100'), 5)
  t.equal(keepAliveTimeout('max=100,Timeout=7'), 7)
  for (const value of ['', 'timeout', 'timeout=', 'timeout=x', 'timeout=-1', 'timeout=1.5', 'xtimeout=5']) {
    t.equal(keepAliveTimeout(value), -1, JSON.stringify(value))
  }
})
