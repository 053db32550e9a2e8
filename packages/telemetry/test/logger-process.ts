// Logs two lines and exits at once, as a service does that cannot start.
import { createLogger } from '../src/logger.ts'

const config = process.env['CONFIG'] ?? ''
const logger = createLogger({ config, level: '', name: 'queueproxy', fields: {} })
logger.info('starting')
logger.fatal('dying')
process.exit(1)
