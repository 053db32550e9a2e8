/** Levels that can be asked for, least severe first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
