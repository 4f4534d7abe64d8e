/**
 * Whether somebody still stands before the screen. It knows the clock and no screen: who is silent for long is asked, and
 * who does not answer is over. While it is paused (a call), nobody is asked.
 */
export class Idle {
  /**
   * @param {number} idle seconds without a touch before asking
   * @param {number} answer seconds to answer
   * @param {() => number} [now] milliseconds
   */
  constructor(idle, answer, now = () => Date.now()) {
    this.idle = idle * 1_000
    this.answer = answer * 1_000
    this.now = now
    this.isPaused = false
    this.touchedAt = now()
  }

  touch() {
    this.touchedAt = this.now()
  }

  /** @param {boolean} isPaused */
  pause(isPaused) {
    if (this.isPaused && !isPaused) this.touch()
    this.isPaused = isPaused
  }

  get #silence() {
    return this.isPaused ? 0 : this.now() - this.touchedAt
  }

  get isAsking() {
    return this.#silence >= this.idle
  }

  get isOver() {
    return this.#silence >= this.idle + this.answer
  }

  /** Seconds left to answer. */
  get left() {
    return Math.max(0, Math.ceil((this.idle + this.answer - this.#silence) / 1_000))
  }
}
