// Stands for the images that the manifests name: answers everything with the name of its service.
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(`${process.env.K_SERVICE}, revision ${process.env.K_REVISION}\n`)
})

server.listen(Number(process.env.PORT ?? 8080))
process.on('SIGTERM', () => server.close())
