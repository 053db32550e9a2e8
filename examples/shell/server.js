import { createServer } from 'node:http'

const server = createServer((request, response) => response.end(`${process.env.GREETING} from a script\n`))
server.listen(Number(process.env.PORT))
process.on('SIGTERM', () => server.close())
