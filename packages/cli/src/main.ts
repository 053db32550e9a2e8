import { processConsole } from './console.ts'
import { runPilotlight } from './pilotlight.ts'

process.exitCode = await runPilotlight(process.argv.slice(2), processConsole())
