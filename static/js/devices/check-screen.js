import { chime } from '../core/chime.js'
import { Devices } from '../core/media.js'
import { listen } from './level.js'
import { measure } from './line.js'

/** @typedef {'camera' | 'microphone' | 'loudspeaker' | 'line'} Step */

const AUDIBLE = 30
const AUDIBLE_TIMES = 3
const LISTEN_FOR = 12_000

/**
 * The test of a device: one step after the other, each with its sentence; at the end the form goes by itself.
 * @type {import('../core/mount.js').Mount}
 */
export function mount(screen) {
  const gone = new AbortController()
  const { signal } = gone
  const servers = JSON.parse(screen.dataset.servers || '[]')
  let devices = new Devices()
  let hush = () => {}

  /** @param {string} name */
  const part = (name) => /** @type {HTMLElement} */ (screen.querySelector(`[data-part="${name}"]`))
  /** @param {string} name */
  const text = (name) => screen.getAttribute(`data-text-${name}`) ?? ''
  const mirror = /** @type {HTMLVideoElement} */ (part('mirror'))
  const form = /** @type {HTMLFormElement} */ (part('found'))
  const announce = document.getElementById('announce')

  /**
   * @param {Step} step
   * @param {'trying' | 'good' | 'bad'} state
   * @param {string} sentence
   */
  const show = (step, state, sentence) => {
    part(step).hidden = false
    part(step).dataset.state = state
    part(`${step}-words`).textContent = sentence
    if (announce) announce.textContent = sentence
  }

  /** @param {string} name @param {string | number | null} value */
  const write = (name, value) => {
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem(name))
    field.value = value === null ? '' : String(value)
  }

  const test = async () => {
    part('start-line').hidden = true
    close()
    devices = new Devices()
    show('camera', 'trying', text(window.isSecureContext ? 'asking' : 'camera-trying'))
    if (window.isSecureContext) await devices.open()
    if (signal.aborted) return
    const line = testLine()
    write('camera', testCamera())
    write('microphone', await testMicrophone())
    if (signal.aborted) return
    write('loudspeaker', await testLoudspeaker())
    await line
    if (signal.aborted) return
    close()
    part('start-line').hidden = false
    part('start').className = 'button button--secondary'
    part('start').querySelector('span')?.replaceChildren(text('again'))
    form.requestSubmit()
  }

  /** @param {import('../core/media.js').Device} device */
  const troubleWith = (device) => (window.isSecureContext ? devices.troubles[device] : 'insecure')

  const testCamera = () => {
    const trouble = troubleWith('camera')
    mirror.hidden = !!trouble
    if (!trouble) mirror.srcObject = devices.local.stream
    show('camera', trouble ? 'bad' : 'good', text(trouble ?? 'camera-works'))
    return trouble ?? 'works'
  }

  const testMicrophone = async () => {
    const trouble = troubleWith('microphone')
    if (trouble) {
      show('microphone', 'bad', text(trouble))
      return trouble
    }
    show('microphone', 'trying', text('microphone-trying'))
    const isHeard = await hear(devices.local.stream)
    show('microphone', isHeard ? 'good' : 'bad', text(isHeard ? 'microphone-works' : 'microphone-silent'))
    return isHeard ? 'works' : 'silent'
  }

  /** The meter goes on after somebody was heard: people like to see it move. @param {MediaStream} stream */
  const hear = (stream) =>
    new Promise((resolve) => {
      let loud = 0
      const timer = setTimeout(resolve, LISTEN_FOR, false)
      signal.addEventListener('abort', () => resolve(false))
      hush = listen(stream, (level) => {
        /** @type {HTMLMeterElement} */ (part('level')).value = level
        if (level >= AUDIBLE && ++loud === AUDIBLE_TIMES) {
          clearTimeout(timer)
          resolve(true)
        }
      })
    })

  /** A first "no" brings a remedy and the notes again; a second one is believed. */
  const testLoudspeaker = () =>
    new Promise((resolve) => {
      const context = new AudioContext()
      const answered = new AbortController()
      let noes = 0
      const play = () => context.resume().then(() => chime(context), () => {})
      /** @param {'yes' | 'no'} answer */
      const settle = (answer) => {
        answered.abort()
        context.close()
        part('answers').hidden = true
        show('loudspeaker', answer === 'yes' ? 'good' : 'bad', text(`loudspeaker-${answer}`))
        resolve(answer)
      }
      /** @param {string} name @param {() => void} act */
      const on = (name, act) => part(name).addEventListener('click', act, { signal: answered.signal })

      show('loudspeaker', 'trying', text('loudspeaker-trying'))
      part('answers').hidden = false
      on('heard', () => settle('yes'))
      on('replay', play)
      on('unheard', () => {
        if (++noes > 1) return settle('no')
        show('loudspeaker', 'bad', text('loudspeaker-no'))
        play()
      })
      signal.addEventListener('abort', () => (answered.abort(), context.close(), resolve('untested')), { once: true })
      part('heard').focus()
      play()
    })

  const testLine = async () => {
    part('progress').hidden = false
    show('line', 'trying', text('line-trying'))
    const { way, roundTrip, loss, kbits } = await measure(servers, screen.dataset.sample ?? '', signal)
    part('progress').hidden = true
    show('line', way === 'none' ? 'bad' : 'good', text(way === 'none' ? 'line-none' : 'line-done'))
    write('way', way)
    write('round_trip_ms', roundTrip)
    write('loss', loss)
    write('kbits', kbits)
  }

  const close = () => {
    hush()
    devices.close()
    mirror.hidden = true
    mirror.srcObject = null
  }

  document.addEventListener('htmx:after:swap', () => document.getElementById('check-result')?.scrollIntoView({ block: 'nearest' }), { signal })
  part('start').addEventListener('click', test, { signal })
  part('start-line').hidden = false
  return () => {
    gone.abort()
    close()
  }
}
