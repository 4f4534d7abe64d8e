/** Clips one after the other, as loud as the person wants. A second press stops them. */
export class Voice extends EventTarget {
  /** @param {() => HTMLAudioElement} [player] */
  constructor(player = () => new Audio()) {
    super()
    this.player = player()
    /** @type {string[]} */
    this.waiting = []
    this.volume = 1
    this.player.addEventListener('ended', () => this.#next())
    this.player.addEventListener('error', () => this.stop())
  }

  get isSpeaking() {
    return this.#speaks
  }

  #speaks = false

  /** @param {string[]} clips */
  say(clips) {
    this.waiting = [...clips]
    this.#next()
  }

  stop() {
    this.waiting = []
    this.player.pause()
    this.#tell(false)
  }

  /** @param {number} volume from 0 to 100 */
  setVolume(volume) {
    this.volume = volume / 100
    this.player.volume = this.volume
  }

  #next() {
    const clip = this.waiting.shift()
    this.#tell(!!clip)
    if (!clip) return
    this.player.src = clip
    this.player.volume = this.volume
    this.player.play()?.catch?.(() => this.stop())
  }

  /** @param {boolean} speaks */
  #tell(speaks) {
    if (speaks === this.#speaks) return
    this.#speaks = speaks
    this.dispatchEvent(new Event('change'))
  }
}
