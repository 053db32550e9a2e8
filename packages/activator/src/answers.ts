import { Answers } from '@pilotlight/service'

/** Our name in Proxy-Status (RFC 9209) and in the logs. */
export const PROXY_NAME = 'activator'

/** Answers of our own. */
export const answers: Answers = new Answers(PROXY_NAME)
