import { Refused } from '../core/post.js'
import { nextHead, sha256 } from './chain.js'

/**
 * @typedef {object} Piece
 * @property {number} number
 * @property {'media' | 'text'} kind
 * @property {number} starts milliseconds in its take
 * @property {number} length
 * @property {string} sha256
 * @property {string} head the end of the chain with it
 * @property {ArrayBuffer} body
 */
/**
 * Where pieces wait on this device, so that a page that is loaded again still has them.
 * @typedef {object} Shelf
 * @property {(piece: Piece) => Promise<unknown>} put
 * @property {(number: number) => Promise<unknown>} remove
 */

const FIRST_WAIT = 300
const LONGEST_WAIT = 2_000

/**
 * Pieces on their way to the house: in order, each until it has arrived. Says `taken` when one has, and `refused` (with
 * `error`) when the house wants none of them any more.
 */
export class Outbox extends EventTarget {
  /** How many there were, the last included. */
  count = 0
  /** When the house last took one, by our clock. */
  takenAt = performance.now()
  isRefused = false

  /** @type {Piece[]} */
  #waiting = []
  /** @type {Promise<unknown>} */
  #writing = Promise.resolve()
  /** @type {Promise<void> | undefined} */
  #sending
  #wake = () => {}

  /**
   * @param {string} head what the chain begins with
   * @param {Shelf} shelf
   * @param {(piece: Piece) => Promise<unknown>} send throws `Refused` when asking again would not help
   */
  constructor(head, shelf, send) {
    super()
    this.head = head
    this.shelf = shelf
    this.send = send
  }

  get isEmpty() {
    return !this.#waiting.length
  }

  /**
   * One after the other, in the order in which they are added.
   * @param {'media' | 'text'} kind
   * @param {Blob | ArrayBuffer} content
   * @param {number} starts
   * @param {number} length
   */
  add(kind, content, starts, length) {
    this.#writing = this.#writing.then(async () => {
      const body = content instanceof ArrayBuffer ? content : await content.arrayBuffer()
      if (body.byteLength && !this.isRefused) await this.#chain(kind, body, starts, length)
    })
    return this.#writing
  }

  /** Pieces that an earlier page had chained. @param {Piece[]} pieces in order */
  again(pieces) {
    for (const piece of pieces) this.#queue(piece)
  }

  /** Until everything has arrived, or nothing of it is wanted. */
  async drained() {
    await this.#writing
    while (this.#sending) await this.#sending
  }

  /** The network may be back: try at once. */
  hurry() {
    this.#wake()
  }

  /**
   * @param {'media' | 'text'} kind
   * @param {ArrayBuffer} body
   * @param {number} starts
   * @param {number} length
   */
  async #chain(kind, body, starts, length) {
    const told = { number: this.count + 1, kind, starts: Math.round(starts), length: Math.round(length), sha256: await sha256(body) }
    const head = await nextHead(this.head, told)
    const piece = { ...told, head, body }
    await this.shelf.put(piece).catch(() => {}) // a device without room sends all the same
    this.#queue(piece)
  }

  /** @param {Piece} piece */
  #queue(piece) {
    this.count = piece.number
    this.head = piece.head
    this.#waiting.push(piece)
    this.#sending ??= this.#pump().finally(() => (this.#sending = undefined))
  }

  async #pump() {
    for (let failures = 0; this.#waiting.length && !this.isRefused; ) {
      const piece = this.#waiting[0]
      try {
        await this.send(piece)
        failures = 0
        this.#waiting.shift()
        this.takenAt = performance.now()
        this.dispatchEvent(new Event('taken'))
        await this.shelf.remove(piece.number).catch(() => {})
      } catch (error) {
        if (error instanceof Refused) return this.#refuse(error)
        await this.#pause(Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures++))
      }
    }
  }

  /** @param {Refused} error */
  #refuse(error) {
    this.isRefused = true
    this.#waiting = []
    this.dispatchEvent(Object.assign(new Event('refused'), { error }))
  }

  /** @param {number} wait @returns {Promise<void>} */
  #pause(wait) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
