import { withTheCall } from '../calls/here.js'

/**
 * How the recording stands, as the house tells it.
 * @typedef {object} News
 * @property {string} segment
 * @property {string} state
 * @property {string} reason why it rests
 * @property {boolean} is_safe whether pieces arrive
 * @property {boolean} by_server whether a media server records, and no browser
 * @property {string[]} agreed who may be in the picture
 */

const RUNNING = ['recording', 'paused']
/** The house speaks every two seconds while something is recorded: after this long its silence is bad news. */
const SILENCE = 12_000
const LOOK_EVERY = 1_000

/**
 * Beside the call, for everybody in it: a light, words and a sound say what is recorded and what is not. The card or the
 * panel inside is asked for again when there is news.
 * @type {import('../core/mount.js').Mount}
 */
export function mount(element) {
  const { role = '' } = element.dataset
  /** @type {News | null} */
  let now = element.dataset.now ? JSON.parse(element.dataset.now) : null
  let heardAt = performance.now()
  let isTold = true // what the browser that records says of itself
  /** @type {(() => void)[]} */
  const undos = []
  /** @type {Promise<ReturnType<typeof import('./recorder-screen.js').recorder>> | undefined} */
  let recorder

  const badge = part('badge')
  const words = part('words')

  /** @param {string} name */
  function part(name) {
    return /** @type {HTMLElement} */ (element.querySelector(`[data-part="${name}"]`))
  }
  /** @param {string} name */
  const text = (name) => element.getAttribute(`data-text-${name}`) ?? ''

  const show = () => {
    const isRunning = !!now && RUNNING.includes(now.state)
    const isUnsafe = isRunning && !(now?.is_safe && isTold && performance.now() - heardAt < SILENCE)
    const state = isUnsafe ? 'unsafe' : (now?.state ?? 'none')
    badge.hidden = !(isRunning || now?.state === 'asked')
    if (badge.dataset.state === state && words.textContent) return
    badge.dataset.state = state
    words.textContent = text(state)
  }

  /** @param {News} news */
  const hear = (news) => {
    const before = now
    heardAt = performance.now()
    now = news
    show()
    if (JSON.stringify(before) === JSON.stringify(news)) return
    if (before?.state !== news.state && isHeard(before?.state, news.state)) sound()
    document.body.dispatchEvent(new Event('recording-news'))
    if (role === 'clerk' && news.state !== 'kept') record(news)
  }

  /** Only who records needs what records, and only when it does. @param {News} news */
  const record = (news) => {
    if (!recorder && !['asked', ...RUNNING].includes(news.state)) return
    recorder ??= import('./recorder-screen.js').then((module) => module.recorder(element, { part, text, tell }))
    recorder.then((one) => one.follow(news))
  }

  /** What the recorder knows before the house does. @param {boolean} isSafe */
  const tell = (isSafe) => {
    isTold = isSafe
    show()
  }

  const listen = async () => (await import('./reading-aloud.js')).readAloud(element)
  const look = () => {
    show()
    const button = element.querySelector('[data-part="listen"][hidden]')
    if (button && 'speechSynthesis' in globalThis) listen()
  }

  const timer = setInterval(show, LOOK_EVERY)
  document.addEventListener('htmx:after:swap', look)
  undos.push(
    () => clearInterval(timer),
    () => document.removeEventListener('htmx:after:swap', look),
    () => globalThis.speechSynthesis?.cancel(),
    withTheCall((call) => {
      /** @param {any} event */
      const news = (event) => hear(event.news)
      call.room.addEventListener('recording', news)
      undos.push(() => call.room.removeEventListener('recording', news))
      if (role !== 'clerk') call.addEventListener('told', (/** @type {any} */ { topic, data }) => topic === 'recording' && tell(data?.isSafe !== false))
      if (role === 'clerk' && now) record(now)
    })
  )
  look()

  return () => {
    for (const undo of undos) undo()
    recorder?.then((one) => one.close())
  }
}

/**
 * Everybody hears it begin and end, and when it rests.
 * @param {string | undefined} before
 * @param {string} after
 */
const isHeard = (before, after) => RUNNING.includes(after) || RUNNING.includes(before ?? '')

async function sound() {
  if (navigator.userActivation?.hasBeenActive === false) return
  const { chime } = await import('../core/chime.js')
  const context = new AudioContext()
  await context.resume().catch(() => {})
  chime(context)
  setTimeout(() => context.close(), 2_000)
}
