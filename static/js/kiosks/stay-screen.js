import { post } from '../core/post.js'
import { openStream } from '../core/stream.js'
import { Idle } from './idle.js'
import { Voice } from './voice.js'

const TELL_EVERY = 15_000
const LAST_SCREEN = 20_000
const TOUCHES = ['pointerdown', 'keydown']
const IN_CALL = ['connecting', 'talking', 'unsteady', 'lost', 'back']

/**
 * What every screen of a kiosk does: ask who is silent, read aloud, follow the news, and let nothing lead out of it.
 * @type {import('../core/mount.js').Mount}
 */
export function mount(body) {
  const { stay = '', base = '', cursor, begun = 'no', clips = '', idleClips = '' } = body.dataset
  const gone = new AbortController()
  const { signal } = gone
  const idle = new Idle(Number(body.dataset.idle), Number(body.dataset.answer))
  const voice = new Voice()
  const dialog = /** @type {HTMLDialogElement} */ (body.querySelector('[data-part="idle"]'))
  const seconds = /** @type {HTMLElement} */ (body.querySelector('[data-part="seconds"]'))
  const listen = body.querySelector('[data-part="listen"]')
  const ending = /** @type {HTMLFormElement} */ (body.querySelector('[data-part="end"]'))
  const announce = /** @type {HTMLElement} */ (document.getElementById('announce'))
  let hasBegun = begun === 'yes'
  let toldAt = 0
  let isEnding = false

  const touch = () => {
    idle.touch()
    if (dialog.open) dialog.close()
    if (hasBegun && Date.now() - toldAt < TELL_EVERY) return
    hasBegun = true
    toldAt = Date.now()
    post(`${base}alive`, undefined, { tries: 1 }).catch(() => {})
  }
  const end = () => {
    if (isEnding) return
    isEnding = true
    voice.stop()
    ending.submit()
  }
  const look = () => {
    const call = document.getElementById('call')
    idle.pause(IN_CALL.includes(call?.dataset.state ?? ''))
    if (!hasBegun || isEnding) return
    if (idle.isOver) return end()
    if (!idle.isAsking) return
    seconds.textContent = String(idle.left)
    if (dialog.open) return
    dialog.showModal()
    voice.say(idleClips.split(' ').filter(Boolean))
  }
  /** The line moves while one looks at it: what is heard is what it says now. */
  const spoken = () => (document.getElementById('line')?.dataset.clips ?? clips).split(' ').filter(Boolean)
  const speak = () => (voice.isSpeaking ? voice.stop() : voice.say(spoken()))
  const showSpeaking = () => listen?.setAttribute('aria-pressed', String(voice.isSpeaking))

  /** @param {{ volume: number, private: boolean }} sound */
  const setSound = (sound) => {
    voice.setVolume(sound.volume)
    const level = document.getElementById('volume')
    if (level) level.textContent = String(sound.volume)
    document.getElementById('private')?.setAttribute('aria-pressed', String(sound.private))
    for (const one of document.querySelectorAll('#call video, #call audio')) {
      if (one instanceof HTMLMediaElement && one.dataset.part !== 'own-video') one.volume = sound.volume / 100
    }
  }
  /** Sound and help change nothing of the page, so that a call goes on. @param {SubmitEvent} event */
  const stayHere = async (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target)
    if (form.dataset.part === 'last') isEnding = true
    if (!['sound', 'private', 'librarian'].includes(form.dataset.part ?? '')) return
    event.preventDefault()
    const fields = new URLSearchParams(/** @type {any} */ (new FormData(form, event.submitter)))
    const answer = await post(form.action, fields, { tries: 2 }).catch(() => null)
    if (form.dataset.part === 'librarian') announce.textContent = form.dataset.textComing ?? ''
    if (form.dataset.part === 'librarian') return showHelp(form)
    if (answer) setSound(await answer.json())
  }
  /** @param {HTMLFormElement} form */
  const showHelp = (form) => {
    const words = form.querySelector('span')
    if (words) words.textContent = form.dataset.textComing ?? ''
  }
  /** @param {Event} event */
  const refuse = (event) => event.preventDefault()
  /** Keys that would open a window, a menu or another page. @param {KeyboardEvent} event */
  const refuseKeys = (event) => {
    const isEscape = event.ctrlKey || event.altKey || event.metaKey || /^F\d+$/.test(event.key)
    if (isEscape || event.key === 'ContextMenu') event.preventDefault()
  }

  const stream = openStream(`${base}stream`, {
    go: (news) => mine(news) && (news.unless === 'call' && document.getElementById('call') ? null : location.replace(base + (news.to ?? ''))),
    over: (news) => mine(news) && !isEnding && location.replace('/kiosk/over'),
    ended: (news) => mine(news) && !document.getElementById('call') && location.replace(`${base}after`),
    sound: (news) => mine(news) && setSound(news),
    camera: hand, show: hand, hide: hand, done: hand
  }, { after: cursor })
  /** News of the last person are none of ours. @param {any} news */
  function mine(news) {
    return !news.stay || news.stay === stay
  }
  /** What the call does something with. @param {any} news */
  function hand(news) {
    if (mine(news)) document.dispatchEvent(new CustomEvent('kiosk', { detail: news }))
  }

  for (const name of TOUCHES) addEventListener(name, touch, { signal, capture: true })
  for (const name of ['contextmenu', 'dragstart', 'gesturestart']) addEventListener(name, refuse, { signal })
  addEventListener('wheel', (event) => event.ctrlKey && event.preventDefault(), { signal, passive: false })
  addEventListener('keydown', refuseKeys, { signal })
  addEventListener('submit', stayHere, { signal })
  dialog.addEventListener('cancel', touch, { signal })
  listen?.addEventListener('click', speak, { signal })
  voice.addEventListener('change', showSpeaking, { signal })
  voice.setVolume(Number(body.dataset.volume))
  // The first thing that can be done, not the browser's bar: whoever comes back here comes from a page that is gone.
  addEventListener('pageshow', (event) => event.persisted && location.replace(base), { signal })
  const timer = setInterval(look, 1_000)
  const last = body.dataset.screen === 'papers' ? setTimeout(end, LAST_SCREEN) : undefined
  return () => {
    gone.abort()
    clearInterval(timer)
    clearTimeout(last)
    voice.stop()
    stream.close()
  }
}
