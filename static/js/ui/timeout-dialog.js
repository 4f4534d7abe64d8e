import { Refused, post } from '../core/post.js'

/** Said aloud when so many seconds are left, and not more often: a voice that counts does not let one read. */
const SAID_AT = [10, 30, 60]

/** How long something is still kept. It knows the clock and no screen; a sleeping computer does not stop it. */
export class Countdown {
  /**
   * @param {number} seconds until the end
   * @param {number} warnBefore how many seconds before the end a person wants to know
   * @param {() => number} [now] milliseconds
   */
  constructor(seconds, warnBefore, now = () => Date.now()) {
    this.warnBefore = warnBefore
    this.now = now
    this.restart(seconds)
  }

  /** @param {number} seconds */
  restart(seconds) {
    this.endsAt = this.now() + seconds * 1_000
    this.said = Infinity
  }

  get left() {
    return Math.max(0, Math.ceil(((this.endsAt ?? 0) - this.now()) / 1_000))
  }

  get isOver() {
    return this.left === 0
  }

  get isNear() {
    return this.left <= this.warnBefore
  }

  /** The mark that has just been passed, once; nothing between marks. */
  takeMark() {
    const mark = SAID_AT.find((seconds) => this.left <= seconds)
    if (mark === undefined || mark >= (this.said ?? Infinity)) return null
    this.said = mark
    return mark
  }

  /** `1:05` */
  get clock() {
    return `${Math.floor(this.left / 60)}:${String(this.left % 60).padStart(2, '0')}`
  }
}

/**
 * Asks in time whether somebody needs longer. One touch, Enter or Escape gives it; saying nothing leads to the page
 * that explains what happened.
 * @param {HTMLElement} element
 */
export function mount(element) {
  const dialog = /** @type {HTMLDialogElement} */ (element)
  const clock = /** @type {HTMLElement} */ (dialog.querySelector('[data-part="clock"]'))
  const said = /** @type {HTMLElement} */ (dialog.querySelector('[data-part="said"]'))
  const more = /** @type {HTMLButtonElement} */ (dialog.querySelector('[data-part="more"]'))
  const { endsIn = '0', warnBefore = '120', extendUrl = '', overUrl = '' } = dialog.dataset
  const countdown = new Countdown(Number(endsIn), Number(warnBefore))

  const leave = () => {
    clearInterval(timer)
    location.assign(overUrl)
  }
  const show = () => {
    if (countdown.isOver) return leave()
    if (!countdown.isNear) return
    if (!dialog.open) dialog.showModal()
    clock.textContent = countdown.clock
    const mark = countdown.takeMark()
    if (mark) said.textContent = dialog.getAttribute(`data-text-${mark}`)
  }
  const extend = async () => {
    more.disabled = true
    try {
      const answer = await post(extendUrl)
      countdown.restart(Number(answer.headers.get('X-Session-Seconds') ?? endsIn))
      said.textContent = ''
      dialog.close()
    } catch (error) {
      if (error instanceof Refused) return leave()
      said.textContent = dialog.getAttribute('data-text-failed')
    } finally {
      more.disabled = false
    }
  }
  /** @param {Event} event */
  const extendInstead = (event) => {
    event.preventDefault()
    extend()
  }

  const timer = setInterval(show, 1_000)
  more.addEventListener('click', extend)
  dialog.addEventListener('cancel', extendInstead)
  show()
  return () => {
    clearInterval(timer)
    more.removeEventListener('click', extend)
    dialog.removeEventListener('cancel', extendInstead)
  }
}
