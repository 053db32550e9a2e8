import { createServer } from 'node:net'

/** Below those that the systems we support hand out for 0: nobody who asks for any free port gets one of these. */
const FIRST = 10_000
const COUNT = 20_000

/** A port of 127.0.0.1 on which nothing listens, and which no test that runs at the same time is given by the system. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const listens = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port }, () => resolve(true))
  })
  if (listens) await new Promise((resolve) => server.close(resolve))
  return listens
}
