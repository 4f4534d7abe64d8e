import { meant, nextOf } from './keys.js'

const FIELDS = 'input:not([type="hidden"]), select, textarea'

/**
 * Single keys for whoever lives at the desk: each presses what carries it as data-key, in the row in focus if it is
 * there. What is no button gets the focus instead. The button that this is mounted on opens the help.
 * @param {HTMLElement} opener
 */
export function mount(opener) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById('keys-dialog'))
  const isOn = opener.dataset.on === 'yes'

  const help = () => dialog.showModal()
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    const target = event.target instanceof Element ? event.target : null
    const key = meant(event, target, Boolean(document.querySelector('dialog[open]')))
    if (!key || !isOn) return
    if (key === '?') {
      event.preventDefault()
      return help()
    }
    if (key === 'j' || key === 'k') {
      const names = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.agenda__name')])
      const current = names.find((name) => rowOf(name)?.contains(document.activeElement))
      nextOf(names, current, key === 'j' ? 1 : -1)?.focus()
      return
    }
    const found = carrierOf(key)
    if (!found) return
    event.preventDefault()
    if (found.matches('button, a')) return found.click()
    const field = found.matches(FIELDS) ? found : found.querySelector(FIELDS)
    if (field instanceof HTMLElement) field.focus()
  }

  opener.hidden = false
  opener.addEventListener('click', help)
  document.addEventListener('keydown', press)
  return () => {
    opener.removeEventListener('click', help)
    document.removeEventListener('keydown', press)
  }
}

/** @param {Element | null} element */
function rowOf(element) {
  return element?.closest('.agenda__row') ?? null
}

/** @param {string} key @returns {HTMLElement | null} */
function carrierOf(key) {
  const selector = `[data-key="${CSS.escape(key)}"]`
  return rowOf(document.activeElement)?.querySelector(selector) ?? document.querySelector(selector)
}
