/**
 * Prints this page. The button is hidden until the script is here, because without it it does nothing.
 * @param {HTMLElement} button
 */
export function mount(button) {
  const print = () => window.print()
  button.hidden = false
  button.addEventListener('click', print)
  return () => button.removeEventListener('click', print)
}
