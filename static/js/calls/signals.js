const MOST_CHARACTERS = 48_000
const MOST_SIGNALS = 50

/** @typedef {{ description?: RTCSessionDescriptionInit, candidates?: RTCIceCandidateInit[] }} Content */
/** @typedef {Content & { to: string, to_incarnation: number, seq: number }} Signal */

/**
 * What leaves for the other browsers: at once when nothing is under way, else all that gathered meanwhile
 * in one batch. A batch keeps its numbers until it has arrived, so sending it again does no harm.
 */
export class Signals {
  /** @type {Signal[]} */
  #queue = []
  #seq = 0
  #isBusy = false

  /**
   * @param {(signals: Signal[]) => Promise<unknown>} deliver rejects only when it is no use to go on
   * @param {number} [taken] how many numbers were used before
   */
  constructor(deliver, taken = 0) {
    this.deliver = deliver
    this.#seq = taken
  }

  /**
   * @param {string} to
   * @param {number} incarnation
   * @param {Content} content
   */
  add(to, incarnation, content) {
    const last = this.#queue.at(-1)
    if (last?.candidates && content.candidates && last.to === to && last.to_incarnation === incarnation) {
      last.candidates.push(...content.candidates)
    } else {
      this.#queue.push({ to, to_incarnation: incarnation, seq: ++this.#seq, ...content })
    }
    if (!this.#isBusy) this.#send()
  }

  async #send() {
    this.#isBusy = true
    await null
    while (this.#queue.length) await this.deliver(this.#nextBatch())
    this.#isBusy = false
  }

  #nextBatch() {
    let characters = 0
    const tooMany = this.#queue.findIndex((signal) => (characters += JSON.stringify(signal).length) > MOST_CHARACTERS)
    return this.#queue.splice(0, tooMany < 0 ? MOST_SIGNALS : Math.max(1, Math.min(MOST_SIGNALS, tooMany)))
  }
}
