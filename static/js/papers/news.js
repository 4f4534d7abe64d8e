import { openStream } from '../core/stream.js'

/** @type {Map<string, { target: EventTarget, users: number, close: () => void }>} */
const shared = new Map()

/**
 * News of the papers of a visit, by one stream however many pieces of the page listen. Says `paper` and `look`, with
 * what was told in `news`.
 * @param {string} base
 * @param {string} [after]
 */
export function newsOf(base, after) {
  let known = shared.get(base)
  if (!known) {
    const target = new EventTarget()
    /** @param {string} name */
    const say = (name) => (/** @type {any} */ news) => target.dispatchEvent(Object.assign(new Event(name), { news }))
    const stream = openStream(`${base}/stream`, { paper: say('paper'), look: say('look'), point: say('point') }, { after })
    known = { target, users: 0, close: () => stream.close() }
    shared.set(base, known)
  }
  known.users++
  const mine = known
  let isOpen = true
  return {
    target: mine.target,
    close: () => {
      if (!isOpen) return
      isOpen = false
      if (--mine.users) return
      mine.close()
      shared.delete(base)
    }
  }
}
