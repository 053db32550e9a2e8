// @ts-check
/** @import { RateHistory } from './rate-history.js' */
import { setAttribute, svg } from './dom.js'

const WIDTH = 120
const HEIGHT = 22

/** The rates of the last two minutes as lines; the numbers stand beside them. */
export function sparkline() {
  const requests = svg('polyline', { class: 'requests' })
  const errors = svg('polyline', { class: 'errors' })
  const viewBox = `0 -1 ${WIDTH} ${HEIGHT + 2}`
  const root = svg('svg', { class: 'spark', viewBox, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, [
    svg('line', {
      class: 'base',
      x1: '0',
      x2: String(WIDTH),
      y1: String(HEIGHT),
      y2: String(HEIGHT),
    }),
    requests,
    errors,
  ])
  return {
    root,
    show: (/** @type {RateHistory | undefined} */ history) => {
      const lines = history?.lines(WIDTH, HEIGHT) ?? { requests: '', errors: '' }
      setAttribute(requests, 'points', lines.requests)
      setAttribute(errors, 'points', lines.errors)
    },
  }
}
