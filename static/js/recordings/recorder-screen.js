import { withTheCall } from '../calls/here.js'
import { post } from '../core/post.js'
import { Composite } from './composite.js'
import { Mixer } from './mixer.js'
import { kindHere, sendLeftBehind, Take } from './take.js'

/** @typedef {import('./recording-screen.js').News} News */
/** @typedef {import('../calls/here.js').CallHere} CallHere */
/** @typedef {import('../calls/here.js').Face} Face */

const RUNNING = ['recording', 'paused']
const ALARM_AFTER = 6_000
const LOOK_EVERY = 1_000
const TELL_EVERY = 3 // looks
const TRY_AGAIN = 2_000

/**
 * What records, in the browser of whoever attends: everybody who agreed in one picture and one sound, sent on while it
 * is made. A pause holds from the very press, before the house knows of it.
 * @param {HTMLElement} element
 * @param {{ part: (name: string) => HTMLElement, text: (name: string) => string, tell: (isSafe: boolean) => void }} screen
 */
export function recorder(element, { part, text, tell }) {
  const { base = '', zone, title = '' } = element.dataset
  /** @type {CallHere | undefined} */
  let here
  /** @type {News | undefined} */
  let news
  /** @type {Composite | undefined} */
  let composite
  /** @type {Mixer | undefined} */
  let mixer
  /** @type {Take | undefined} */
  let take
  let isBeginning = false
  let isHeld = false // paused by a press that the house has not answered
  let isSafe = true
  let looks = 0

  const time = new Intl.DateTimeFormat('es', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  const isWanted = () => !!news && RUNNING.includes(news.state) && !!here?.isInside
  const isResting = () => isHeld || news?.state === 'paused'

  /** Those whom we may film: who agreed, and we ourselves. @returns {Face[]} */
  const faces = () => here?.people.filter(({ id, isOwn }) => isOwn || news?.agreed.includes(id)) ?? []

  const show = () => {
    composite?.show(faces())
    mixer?.hear(faces().map(({ stream }) => stream))
  }

  const rest = () => {
    composite?.rest(isResting())
    mixer?.rest(isResting())
  }

  const begin = async () => {
    if (take || isBeginning || !news) return
    const isByServer = news.by_server
    if (!isByServer && !kindHere()) return alarm(text('unsupported'))
    isBeginning = true
    const address = `${base}/segments/${news.segment}`
    try {
      take = await Take.begin(address, isByServer ? null : filmed())
      take.addEventListener('taken', () => safe(true))
      take.addEventListener('refused', () => finish())
      take.addEventListener('broken', again)
      element.dataset.take = take.told.take
      if (!isWanted() || news.by_server !== isByServer) finish()
    } catch (error) {
      console.warn('could not record', error)
      tidy()
      again()
    } finally {
      isBeginning = false
    }
  }

  /** Everybody in one picture and one sound. */
  const filmed = () => {
    composite = new Composite({ title, board: text('board'), time: () => time.format(take?.clock ?? new Date()) })
    mixer = new Mixer()
    show()
    rest()
    return new MediaStream([...composite.stream.getTracks(), ...mixer.stream.getTracks()])
  }

  /** The media server records no more: from here on we do. */
  const anew = () => {
    finish()
    begin()
  }

  /** The browser stopped recording by itself: everybody is told, and we begin again. */
  const again = () => {
    alarm()
    finish()
    setTimeout(() => isWanted() && begin(), TRY_AGAIN)
  }

  /** @param {string} [why] */
  const alarm = (why) => {
    safe(false)
    if (why) part('hidden-words').textContent = why
    if (why) part('hidden').hidden = false
    if (news) post(`${base}/segments/${news.segment}/trouble`).catch(() => {})
  }

  /** @param {boolean} is */
  const safe = (is) => {
    if (is !== isSafe) here?.tell('recording', { isSafe: is })
    isSafe = is
    tell(is)
  }

  /** End this take; what was recorded still arrives. */
  const finish = () => {
    const ending = take
    take = undefined
    delete element.dataset.take
    const after = tidiedLater()
    Promise.resolve(ending?.end()).finally(after)
  }

  /** What draws and mixes goes once the last piece is cut. */
  const tidiedLater = () => {
    const [one, other] = [composite, mixer]
    composite = mixer = undefined
    return () => {
      one?.close()
      other?.close()
    }
  }
  const tidy = () => tidiedLater()()

  const look = () => {
    if (!take) return
    const isLate = !take.outbox.isEmpty && performance.now() - take.outbox.takenAt > ALARM_AFTER
    safe(!isLate)
    if (++looks % TELL_EVERY === 0) here?.tell('recording', { isSafe })
  }

  /** @param {News} latest */
  const follow = (latest) => {
    news = latest
    if (latest.state === 'paused') isHeld = false
    show()
    rest()
    if (take && isWanted() && !!take.media === latest.by_server) anew()
    else if (isWanted()) begin()
    else if (take) finish()
  }

  /** @param {any} event */
  const write = ({ name, who, text: words, isOwn }) => {
    const isAgreed = isOwn || faces().some(({ id, role }) => id === who || role === who)
    if (isAgreed && !isResting()) take?.write(name, words)
  }

  /** A press counts from here on; the house is told as often as it needs. @param {Event} event */
  const press = (event) => {
    const button = event.target instanceof Element ? event.target.closest('button[data-part]') : null
    if (!(button instanceof HTMLButtonElement) || !button.form || !news) return
    const at = button.form.querySelector('[data-part="at"]')
    if (at instanceof HTMLInputElement && take) at.value = String(take.ms)
    if (button.dataset.part !== 'pause') return
    event.preventDefault()
    event.stopPropagation()
    isHeld = true
    rest()
    const told = new URLSearchParams({ action: button.value, segment: news.segment, at_ms: String(take?.ms ?? '') })
    post(`${base}/recording`, told, { tries: Infinity }).catch(() => {
      isHeld = false
      rest()
    })
  }

  const warn = () => {
    if (!document.hidden || !take?.media) return
    part('hidden-words').textContent = text('hidden')
    part('hidden').hidden = false
  }

  const timer = setInterval(look, LOOK_EVERY)
  element.addEventListener('click', press, true)
  document.addEventListener('visibilitychange', warn)
  const leave = withTheCall((call) => {
    here = call
    call.addEventListener('people', show)
    call.addEventListener('line', write)
    call.addEventListener('state', () => (isWanted() ? begin() : take && finish()))
    if (isWanted()) begin()
  })
  sendLeftBehind().catch(() => {})

  return {
    follow,
    close() {
      clearInterval(timer)
      element.removeEventListener('click', press, true)
      document.removeEventListener('visibilitychange', warn)
      leave()
      finish()
    }
  }
}
