/** @typedef {{ text: string, isFinal: boolean }} Caption */

const AGAIN = 500
const LONGEST = 300

/** The browser's own ear, where it has one that can stay at home. @returns {any} */
const ear = () => {
  const found = /** @type {any} */ (globalThis).SpeechRecognition
  return found && 'processLocally' in found.prototype && typeof found.available === 'function' ? found : null
}

/**
 * Whether this browser turns speech of that language into words by itself. One that would have to send it anywhere, or to
 * fetch something first, does not count.
 * @param {string} lang
 * @returns {Promise<boolean>}
 */
export async function canBeWritten(lang) {
  try {
    return (await ear()?.available({ langs: [lang], processLocally: true })) === 'available'
  } catch {
    return false
  }
}

/**
 * Turns what we say into words on this device, and nowhere else. Says `caption` (with `caption`) and `end` when it
 * cannot go on. It listens only while it is `on` and the microphone is too.
 */
export class Captioner extends EventTarget {
  isOn = false
  /** @type {any} */
  #ear = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer

  /**
   * @param {string} lang
   * @param {() => MediaStreamTrack | null} microphone what we say, or nothing while it is off
   */
  constructor(lang, microphone) {
    super()
    this.lang = lang
    this.microphone = microphone
  }

  async turnOn() {
    this.isOn = await canBeWritten(this.lang)
    if (this.isOn) this.follow()
    else this.#end()
  }

  turnOff() {
    this.isOn = false
    this.follow()
  }

  /** The microphone was turned on or off, or is another one. */
  follow() {
    clearTimeout(this.#timer)
    const track = this.isOn ? this.microphone() : null
    if (track && !this.#ear) this.#listen(track)
    else if (!track) this.#hush()
  }

  /** @param {MediaStreamTrack} track */
  #listen(track) {
    const Ear = ear()
    if (!Ear) return this.#end()
    const hearing = (this.#ear = new Ear())
    Object.assign(hearing, { lang: this.lang, processLocally: true, continuous: true, interimResults: true })
    hearing.onresult = (/** @type {any} */ event) => hearing === this.#ear && this.#tell(event)
    hearing.onerror = (/** @type {any} */ { error }) => {
      if (['language-not-supported', 'service-not-allowed', 'not-allowed'].includes(error)) this.#end()
    }
    hearing.onend = () => {
      if (hearing !== this.#ear) return
      this.#ear = null
      this.#timer = setTimeout(() => this.follow(), AGAIN) // it stops by itself after a silence
    }
    try {
      hearing.start(track)
    } catch {
      this.#end()
    }
  }

  /** @param {any} event */
  #tell({ results, resultIndex = 0 }) {
    for (const result of Array.from(results).slice(resultIndex)) {
      const text = String(/** @type {any} */ (result)[0].transcript).trim().slice(-LONGEST)
      if (text) this.dispatchEvent(Object.assign(new Event('caption'), { caption: { text, isFinal: !!(/** @type {any} */ (result).isFinal) } }))
    }
  }

  #hush() {
    const hearing = this.#ear
    this.#ear = null
    hearing?.abort?.()
  }

  #end() {
    this.isOn = false
    this.#hush()
    this.dispatchEvent(new Event('end'))
  }
}

/** A caption that another browser sent, if it is one. @param {unknown} data @returns {Caption | null} */
export function captionIn(data) {
  const { text, isFinal } = /** @type {any} */ (data ?? {})
  return typeof text === 'string' && text && text.length <= LONGEST ? { text, isFinal: isFinal === true } : null
}
