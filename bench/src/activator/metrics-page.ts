import { get } from 'node:http'

const ANSWER_MS_MAX = 5000

/** Series of a page for Prometheus. */
export class MetricsPage {
  readonly #lines: readonly string[]

  private constructor(lines: readonly string[]) {
    this.#lines = lines
  }

  static async read(port: number): Promise<MetricsPage> {
    const text = await new Promise<string>((resolve, reject) => {
      const call = get(
        {
          port,
          host: '127.0.0.1',
          path: '/metrics',
          agent: false,
          signal: AbortSignal.timeout(ANSWER_MS_MAX),
        },
        (response) => {
          let body = ''
          response.setEncoding('utf8').on('data', (piece: string) => (body += piece))
          response.on('error', reject)
          response.on('end', () => resolve(body))
        },
      )
      call.on('error', reject)
    })
    return new MetricsPage(text.split('\n'))
  }

  /**
   * The sum of a family's series whose labels `fits` is true of; 0 while it has none. `suffix` is that
   * of a series of a histogram. Throws when there is no such family, as of a wrong name.
   */
  sum(family: string, suffix = '', fits: (labels: string) => boolean = () => true): number {
    if (!this.#lines.some((line) => line.startsWith(`# TYPE ${family} `)))
      throw new Error(`the metrics page has no ${family}`)
    const name = family + suffix
    const own = this.#lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    return own.filter(fits).reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }
}
