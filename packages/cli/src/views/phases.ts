import type { ColdStartStep } from '@pilotlight/telemetry'

/** How a phase is named, and what is to be done when most of the time goes there. */
export interface PhaseText {
  /** A few words, for a line of a waterfall. */
  readonly label: string
  /** One word, for a table. */
  readonly short: string
  /** Goes on from `Most of the time …, `. */
  readonly cause: string
  /** A sentence. */
  readonly advice: string
}

/** What is said of a phase, by the step that ends it. */
export const PHASE_TEXTS: Readonly<Record<ColdStartStep, PhaseText>> = {
  queued: {
    label: 'before anybody waited',
    short: 'before',
    cause: 'passed before the first request came',
    advice: 'The instance was on its way already, so the request waited for less than a whole start.',
  },
  woken: {
    label: 'asked for an instance',
    short: 'ask',
    cause: 'passed before the platform was asked for an instance',
    advice: 'The activator is busy: look at the delay of its event loop with pilotlight ps --json.',
  },
  scheduled: {
    label: 'decided to start one',
    short: 'decide',
    cause: 'passed before the platform decided to start one',
    advice:
      'Other instances were starting or a start had failed before: look at the log, or keep one with min-scale.',
  },
  'process-started': {
    label: 'process started',
    short: 'process',
    cause: 'went into starting the process',
    advice: 'The machine is busy, or the command is a wrapper: start the server itself, not npm or a shell.',
  },
  listening: {
    label: 'app opened its port',
    short: 'app',
    cause: 'went into the app itself before it opened its port',
    advice:
      'Have it listen first and load the rest later, load less, or keep an instance with autoscaling.knative.dev/min-scale: "1".',
  },
  ready: {
    label: 'became ready',
    short: 'ready',
    cause: 'passed until the readiness probe of the app succeeded',
    advice: 'Say ready as soon as requests can be served, and leave periodSeconds of the probe out.',
  },
  dispatched: {
    label: 'request sent to it',
    short: 'send',
    cause: 'passed until the request was sent to the ready instance',
    advice: 'Many requests waited: raise containerConcurrency, or let more instances start with max-scale.',
  },
  'first-byte': {
    label: 'first byte of the response',
    short: 'answer',
    cause: 'went into the first response of the app',
    advice: 'The app does work for its first request that it could do before it opens its port, or later.',
  },
}
