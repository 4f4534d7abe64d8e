import { jittered } from './post.js'

const FIRST_WAIT = 500
const LONGEST_WAIT = 8_000
const SILENCE = 35_000
const OPENING = 4_000
const LONGEST_OPENING = 16_000

/**
 * @typedef {object} Stream
 * @property {() => void} reopen ask at once for what was missed
 * @property {() => void} close
 */

/**
 * Listen to the server's news. A stream that breaks or falls silent is opened again after the last id,
 * so nothing is lost. EventSource alone would give up at the first error answer of a restarting server.
 * @param {string} address
 * @param {Record<string, (data: any) => void>} listeners by the name of the event
 * @param {{ after?: string | number }} [options]
 * @returns {Stream}
 */
export function openStream(address, listeners, { after } = {}) {
  let last = after === undefined ? '' : String(after)
  let failures = 0
  let unopened = 0
  /** @type {EventSource} */
  let source
  /** @type {ReturnType<typeof setTimeout>} */
  let timer

  const open = () => {
    close()
    const url = new URL(address, location.href)
    if (last) url.searchParams.set('after', last)
    source = new EventSource(url)
    source.onopen = () => {
      failures = unopened = 0
      watch()
    }
    source.onerror = () => {
      source.close()
      again(jittered(Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures++)))
    }
    source.addEventListener('ping', watch)
    for (const name of Object.keys(listeners)) source.addEventListener(name, hear)
    // A network that was away answers a new question sooner than an old one.
    again(Math.min(LONGEST_OPENING, OPENING * 2 ** unopened++))
  }
  /** @param {number} wait */
  const again = (wait) => {
    clearTimeout(timer)
    timer = setTimeout(open, wait)
  }
  const watch = () => again(SILENCE)
  /** @param {MessageEvent} event */
  const hear = (event) => {
    watch()
    if (event.lastEventId) last = event.lastEventId
    listeners[event.type](JSON.parse(event.data))
  }
  const close = () => {
    clearTimeout(timer)
    source?.close()
  }
  const stop = () => {
    removeEventListener('online', open)
    close()
  }

  addEventListener('online', open)
  open()
  return { reopen: open, close: stop }
}
