let text = ''
let validUntil = 0

/** The current time as a Date value (RFC 9110 section 5.6.7), built once per second. */
export function httpDate(): string {
  const now = Date.now()
  if (now >= validUntil || now < validUntil - 1000) {
    text = new Date(now).toUTCString()
    validUntil = now - (now % 1000) + 1000
  }
  return text
}
