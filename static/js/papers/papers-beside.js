import { withTheCall } from '../calls/here.js'
import { newsOf } from './news.js'

/**
 * The papers beside a call: closed until somebody wants them or the other side shows one.
 * @type {import('../core/mount.js').Mount}
 */
export function mount(panel) {
  const { base = '' } = panel.dataset
  /** @param {string} name */
  const part = (name) => /** @type {HTMLElement} */ (panel.querySelector(`[data-part="${name}"]`))
  const link = part('open')
  const inside = part('inside')
  const gone = new AbortController()
  /** @type {ReturnType<typeof newsOf> | undefined} */
  let news

  /** @param {boolean} isOpen */
  const turn = (isOpen) => {
    inside.hidden = !isOpen
    link.setAttribute('aria-expanded', String(isOpen))
    if (isOpen) part('new').hidden = true
    if (isOpen && !inside.childElementCount) inside.dispatchEvent(new Event('papers-wanted'))
  }
  /** @param {any} event */
  const look = ({ news: told }) => {
    if (!told.over && !inside.childElementCount) turn(true)
    else if (!told.over) inside.hidden = false
  }
  const paper = () => (part('new').hidden = inside.hidden !== true)

  const listen = () => {
    if (news || gone.signal.aborted) return
    news = newsOf(base)
    news.target.addEventListener('look', look, { signal: gone.signal })
    news.target.addEventListener('paper', paper, { signal: gone.signal })
  }
  // Whoever only waits needs no news of papers: a thousand streams are spared.
  const forget = withTheCall((call) => {
    const follow = () => call.isInside && listen()
    call.addEventListener('state', follow, { signal: gone.signal })
    follow()
  })
  link.addEventListener('click', (event) => {
    event.preventDefault()
    turn(inside.hidden === true)
  }, { signal: gone.signal })
  // What asks for a paper elsewhere on this page leads here, and not away from the call.
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element && event.target.closest('a[href]')
    if (!(link instanceof HTMLAnchorElement) || panel.contains(link) || link.pathname !== new URL(base, location.href).pathname) return
    event.preventDefault()
    turn(true)
    panel.scrollIntoView({ block: 'nearest' })
    part('open').focus({ preventScroll: true })
  }, { signal: gone.signal })
  if (panel.dataset.look) turn(true)

  return () => {
    gone.abort()
    forget()
    news?.close()
  }
}
