/**
 * A link to the papers of a visit. Where they stand beside the call, it opens them there: nobody leaves the call.
 * @param {HTMLElement} link
 * @returns {() => void}
 */
export function mount(link) {
  /** @param {MouseEvent} event */
  const open = (event) => {
    const beside = document.getElementById('beside-open')
    if (!beside) return
    event.preventDefault()
    if (beside.getAttribute('aria-expanded') !== 'true') beside.click()
    beside.focus()
  }
  link.addEventListener('click', open)
  return () => link.removeEventListener('click', open)
}
