/** How long until another code makes sense. It knows the clock and no screen; a sleeping computer does not stop it. */
export class Pause {
  /**
   * @param {number} seconds
   * @param {() => number} [now] milliseconds
   */
  constructor(seconds, now = () => Date.now()) {
    this.now = now
    this.endsAt = now() + seconds * 1_000
  }

  get left() {
    return Math.max(0, Math.ceil((this.endsAt - this.now()) / 1_000))
  }
}

/**
 * Keeps the buttons still while the last message is on its way, and says how long. Without it they work at once, and
 * the page says that one has just been sent.
 * @param {HTMLElement} form
 */
export function mount(form) {
  const pause = new Pause(Number(form.dataset.seconds ?? '0'))
  const words = /** @type {HTMLElement} */ (form.querySelector('[data-part="wait"]'))
  const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (form.querySelectorAll('button'))
  const wasLong = pause.left > 0

  const show = () => {
    const { left } = pause
    for (const button of buttons) button.disabled = left > 0
    if (left > 0) words.textContent = (form.dataset.textWait ?? '').replace('{seconds}', String(left))
    else words.textContent = wasLong ? (form.dataset.textNow ?? '') : ''
    if (left === 0) clearInterval(timer)
  }

  const timer = setInterval(show, 1_000)
  show()
  return () => clearInterval(timer)
}
