import { sendLeftBehind } from './take.js'

/**
 * Whoever ends a recording and leaves at once takes its last pieces along: the next page of the visit sends them.
 * @param {HTMLElement} element with the address of the segment
 */
export function mount(element) {
  sendLeftBehind(element.dataset.address).catch(() => {})
  return () => {}
}
