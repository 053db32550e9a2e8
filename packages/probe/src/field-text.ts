/** Whether `text` is a token of at least one character (RFC 9110 section 5.6.2). */
export function isToken(text: string): boolean {
  return /^[\w!#$%&'*+\-.^`|~]+$/.test(text)
}

/** Whether `text` may stand as a field value: latin1 without controls but HTAB (RFC 9110 section 5.5). */
export function isFieldValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
}

/** Whether `text` is a host, which may be empty, with or without a port (RFC 3986 section 3.2.2). */
export function isHost(text: string): boolean {
  return /^(?:\[[\w\-.~%!$&'()*+,;=:]+\](?::\d*)?|[\w\-.~%!$&'()*+,;=]+(?::\d*)?|)$/.test(text)
}
