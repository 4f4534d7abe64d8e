import { Refused, post } from '../core/post.js'

/** Said aloud when so many seconds are left, and not more often: a voice that counts does not let one read. */
const SAID_AT = [10, 30, 60]
/** Seconds before the end at which what was written is handed over. */
const LAST_MOMENT = 3

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

/** Whether somebody is seen or heard on this page: whoever talks is there, and must not be interrupted. */
const isLive = () => [...document.querySelectorAll('video, audio')].some((one) => /** @type {any} */ (one).srcObject?.active)

/**
 * The fields of a form that was changed and not sent, if there is one.
 * @param {Document} page
 * @returns {{ action: string, fields: URLSearchParams } | null}
 */
export function written(page = document) {
  for (const form of page.forms) {
    const fields = [...form.elements].filter(isChanged)
    if (form.method !== 'post' || fields.length === 0) continue
    const words = new URLSearchParams()
    for (const [name, value] of new FormData(form)) if (typeof value === 'string') words.append(name, value)
    return { action: new URL(form.action, location.href).pathname + new URL(form.action, location.href).search, fields: words }
  }
  return null
}

/** @param {any} field */
function isChanged(field) {
  if (field.type === 'hidden') return false
  if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected)
  return field.defaultValue !== undefined && field.value !== field.defaultValue
}

/**
 * Asks in time whether somebody needs longer. One touch, Enter or Escape gives it; saying nothing leads to the page
 * that explains what happened. With a check address it first asks whether another window has been in use meanwhile;
 * with a keep address it hands over what was written here, so that it can be sent afterwards.
 * @param {HTMLElement} element
 */
export function mount(element) {
  const dialog = /** @type {HTMLDialogElement} */ (element)
  const clock = /** @type {HTMLElement} */ (dialog.querySelector('[data-part="clock"]'))
  const said = /** @type {HTMLElement} */ (dialog.querySelector('[data-part="said"]'))
  const more = /** @type {HTMLButtonElement} */ (dialog.querySelector('[data-part="more"]'))
  const { endsIn = '0', warnBefore = '120', extendUrl = '', overUrl = '', checkUrl = '', keepUrl = '' } = dialog.dataset
  const countdown = new Countdown(Number(endsIn), Number(warnBefore))
  let isLeaving = false
  let isLast = false
  let isAsking = false

  const leave = () => {
    if (isLeaving) return
    isLeaving = true
    clearInterval(timer)
    const words = keepUrl ? written() : null
    if (words) handOver(words).then((url) => location.assign(url || overUrl))
    else location.assign(overUrl)
  }
  /** @param {{ action: string, fields: URLSearchParams }} words */
  const handOver = async ({ action, fields }) => {
    try {
      const answer = await post(`${keepUrl}?for=${encodeURIComponent(action)}`, fields, { tries: 1 })
      return (await answer.json()).next
    } catch {
      return ''
    }
  }
  const show = () => {
    if (isAsking) return
    if (checkUrl && isLive()) return stay()
    // A moment before the end what was written can still be handed over.
    if (countdown.isOver || (keepUrl && countdown.left <= LAST_MOMENT && written())) return leave()
    if (!countdown.isNear || isLast) return
    if (!dialog.open && checkUrl) return askFirst()
    open()
  }
  const open = () => {
    if (!dialog.open) dialog.showModal()
    clock.textContent = countdown.clock
    const mark = countdown.takeMark()
    if (mark) said.textContent = dialog.getAttribute(`data-text-${mark}`)
  }
  /** A call goes on: it is made longer without a word, and is never left from here. */
  const stay = async () => {
    if (!countdown.isNear) return
    isAsking = true
    try {
      const answer = await post(extendUrl)
      countdown.restart(Number(answer.headers.get('X-Session-Seconds') ?? endsIn))
    } catch {
      // after the call it will be said
    } finally {
      setTimeout(() => { isAsking = false }, countdown.isNear ? 30_000 : 0)
    }
  }
  /** Another window may have been in use: then there is more time than this page knows. */
  const askFirst = async () => {
    isAsking = true
    try {
      const answer = await fetch(checkUrl, { headers: { 'HX-Request': 'true' } })
      if (answer.ok) countdown.restart(Number(answer.headers.get('X-Session-Seconds') ?? '0'))
      if (answer.status === 401) countdown.restart(0)
    } catch {
      // the line is down: this page's own count goes on
    } finally {
      isAsking = false
    }
    if (countdown.isNear && !countdown.isOver) open()
  }
  const extend = async () => {
    more.disabled = true
    try {
      const answer = await post(extendUrl)
      countdown.restart(Number(answer.headers.get('X-Session-Seconds') ?? endsIn))
      isLast = countdown.isNear // it cannot be made longer: do not ask again
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
  // The server hung up because the session was closed elsewhere: look whether that is so for this page.
  if (checkUrl) document.addEventListener('over', askFirst)
  more.addEventListener('click', extend)
  dialog.addEventListener('cancel', extendInstead)
  show()
  return () => {
    clearInterval(timer)
    document.removeEventListener('over', askFirst)
    more.removeEventListener('click', extend)
    dialog.removeEventListener('cancel', extendInstead)
  }
}
