/** @typedef {{ text: string, isFinal: boolean }} Caption */

const AGAIN = 500
const LONGEST = 300

/** Our languages by the names that browsers give to their packs. @type {Record<string, string>} */
const PACKS = { ca: 'ca-ES', 'ca-valencia': 'ca-ES', en: 'en-GB', es: 'es-ES', eu: 'eu-ES', gl: 'gl-ES' }

/** The browser's own ear, where it has one that can stay at home. @returns {any} */
const ear = () => {
  const { SpeechRecognition, webkitSpeechRecognition } = /** @type {any} */ (globalThis)
  const found = SpeechRecognition ?? webkitSpeechRecognition
  return found && 'processLocally' in found.prototype && typeof found.available === 'function' ? found : null
}

/** @param {string} lang */
const atHome = (lang) => ({ langs: [lang], processLocally: true })

/**
 * In which language this browser turns such speech into words by itself, and whether it must fetch a pack for that first.
 * One that would have to send speech anywhere does not count.
 * @param {string} lang
 * @returns {Promise<{ lang: string, isHere: boolean } | null>}
 */
export async function howToWrite(lang) {
  let later = null
  for (const name of new Set([lang, PACKS[lang.toLowerCase()] ?? lang])) {
    const answer = await Promise.resolve(ear()?.available(atHome(name))).catch(() => '')
    if (answer === 'available') return { lang: name, isHere: true }
    if (['downloadable', 'downloading'].includes(answer)) later ??= { lang: name, isHere: false }
  }
  return later
}

/**
 * Turns what we say into words on this device, and nowhere else. Says `caption` (with `caption`) and `end` when it
 * cannot go on. It listens only while it is `on` and the microphone is too.
 */
export class Captioner extends EventTarget {
  isOn = false
  #mayListen = false
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

  /** Asked for by a person: only then does the browser fetch what it lacks. */
  async turnOn() {
    this.isOn = true
    let found = await howToWrite(this.lang)
    if (found && !found.isHere) {
      await ear().install?.(atHome(found.lang)).catch(() => false)
      found = await howToWrite(this.lang)
    }
    if (!this.isOn) return // turned off meanwhile
    if (!found?.isHere) return this.#end()
    this.lang = found.lang
    this.#mayListen = true
    this.follow()
  }

  turnOff() {
    this.isOn = this.#mayListen = false
    this.follow()
  }

  /** The microphone was turned on or off, or is another one. */
  follow() {
    clearTimeout(this.#timer)
    const track = this.#mayListen ? this.microphone() : null
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
    this.isOn = this.#mayListen = false
    this.#hush()
    this.dispatchEvent(new Event('end'))
  }
}

/** A caption that another browser sent, if it is one. @param {unknown} data @returns {Caption | null} */
export function captionIn(data) {
  const { text, isFinal } = /** @type {any} */ (data ?? {})
  return typeof text === 'string' && text && text.length <= LONGEST ? { text, isFinal: isFinal === true } : null
}
