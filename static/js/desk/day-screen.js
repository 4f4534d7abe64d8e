import { Waiting, insteadOf } from './day.js'

/**
 * The day that refreshes itself: says politely that somebody came, and never loses the focus.
 * @param {HTMLElement} agenda
 */
export function mount(agenda) {
  const waiting = new Waiting(Number(agenda.dataset.waiting))
  let held = ''

  const remember = () => {
    const focused = document.activeElement
    held = focused && agenda.contains(focused) ? focused.id : ''
  }
  const look = () => {
    const said = document.getElementById('announce')
    if (waiting.changes(Number(agenda.dataset.waiting)) && said) said.textContent = agenda.getAttribute('data-text-came')
    if (held && (document.activeElement === document.body || document.activeElement === null)) {
      const found = insteadOf(held).map((id) => document.getElementById(id)).find((element) => element)
      found?.focus()
    }
    held = ''
  }

  document.addEventListener('htmx:before:swap', remember)
  document.addEventListener('htmx:after:swap', look)
  return () => {
    document.removeEventListener('htmx:before:swap', remember)
    document.removeEventListener('htmx:after:swap', look)
  }
}
