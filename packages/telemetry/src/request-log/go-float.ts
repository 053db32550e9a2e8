/** Shortest text that reads back as the same number, as Go's `strconv.FormatFloat(value, 'g', -1, 64)`. */
export function shortestFloat(value: number): string {
  if (!Number.isFinite(value)) return specialFloat(value)
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const magnitude = Math.abs(value)
  // In this range JavaScript and Go agree: no exponent.
  if (magnitude >= 1e-4 && magnitude < 1e6) return String(value)
  const text = value.toExponential()
  const e = text.indexOf('e')
  return text.slice(0, e) + exponentText(Number(text.slice(e + 1)))
}

/** Text of `value` by verb e, f or g with so many digits of precision; `precision` -1 is the shortest for g. */
export function floatText(value: number, verb: 'e' | 'f' | 'g', precision: number): string {
  if (!Number.isFinite(value)) return specialFloat(value)
  if (verb === 'g') return precision < 0 ? shortestFloat(value) : generalFloat(value, precision)
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const magnitude = Math.abs(value)
  return sign + (verb === 'f' ? fixed(magnitude, precision) : scientific(magnitude, precision))
}

function generalFloat(value: number, wanted: number): string {
  const precision = wanted === 0 ? 1 : wanted
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const { digits, exponent } = significant(Math.abs(value), precision)
  const short = digits.replace(/0+$/, '')
  // Digits enough for the integer part make an exponent unnecessary.
  const limit = precision > short.length && short.length >= exponent + 1 ? short.length : precision
  if (exponent < -4 || exponent >= limit) {
    const tail = short.slice(1)
    return `${sign}${short[0] ?? '0'}${tail === '' ? '' : `.${tail}`}${exponentText(exponent)}`
  }
  if (exponent < 0) return short === '' ? `${sign}0` : `${sign}0.${'0'.repeat(-exponent - 1)}${short}`
  const tail = short.slice(exponent + 1)
  return `${sign}${short.slice(0, exponent + 1).padEnd(exponent + 1, '0')}${tail === '' ? '' : `.${tail}`}`
}

function fixed(magnitude: number, precision: number): string {
  const text = scaled(magnitude, precision)
    .toString()
    .padStart(precision + 1, '0')
  if (precision === 0) return text
  return `${text.slice(0, -precision)}.${text.slice(-precision)}`
}

function scientific(magnitude: number, precision: number): string {
  const { digits, exponent } = significant(magnitude, precision + 1)
  return `${digits[0]}${precision === 0 ? '' : `.${digits.slice(1)}`}${exponentText(exponent)}`
}

/** The first `count` digits, rounded, and the decimal exponent of the first one. */
function significant(magnitude: number, count: number): { digits: string; exponent: number } {
  if (magnitude === 0) return { digits: '0'.repeat(count), exponent: 0 }
  const text = magnitude.toExponential()
  let exponent = Number(text.slice(text.indexOf('e') + 1))
  let digits = scaled(magnitude, count - 1 - exponent).toString()
  // Rounding may have made 10.0 of 9.99, and the shortest text 1e-323 of 9.88e-324.
  if (digits.length !== count) {
    exponent += digits.length > count ? 1 : -1
    digits = scaled(magnitude, count - 1 - exponent).toString()
  }
  return { digits, exponent }
}

const DOUBLE = new DataView(new ArrayBuffer(8))

/** `magnitude` times ten to the `power`, exactly, then rounded half to even. JavaScript's toFixed rounds half up. */
function scaled(magnitude: number, power: number): bigint {
  DOUBLE.setFloat64(0, magnitude)
  const bits = DOUBLE.getBigUint64(0)
  const biased = Number(bits >> 52n)
  const fraction = bits & 0xfffffffffffffn
  const mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n
  const binary = (biased === 0 ? 1 : biased) - 1075
  let numerator = mantissa
  let denominator = 1n
  if (binary >= 0) numerator <<= BigInt(binary)
  else denominator <<= BigInt(-binary)
  if (power >= 0) numerator *= 10n ** BigInt(power)
  else denominator *= 10n ** BigInt(-power)
  const quotient = numerator / denominator
  const twice = (numerator % denominator) * 2n
  const roundsUp = twice > denominator || (twice === denominator && quotient % 2n === 1n)
  return roundsUp ? quotient + 1n : quotient
}

function exponentText(exponent: number): string {
  return `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function specialFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}
