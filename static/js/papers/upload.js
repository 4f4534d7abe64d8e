import { csrfToken, jittered, post } from '../core/post.js'
import { sha256 } from './sha256.js'

const SMALLEST = 32 * 1024
const LARGEST = 512 * 1024
/** How long a piece should take: long enough to be worth its journey, short enough to be lost. */
const PACE = 1_500
const PATIENCE = 30_000
const FIRST_WAIT = 400
const LONGEST_WAIT = 5_000

/**
 * @typedef {object} Told what the server says of a paper
 * @property {string} paper
 * @property {string} state
 * @property {number} offset
 * @property {string} name
 * @property {string} words
 */
/** @typedef {'sending' | 'waiting' | 'checking' | 'ready' | 'refused' | 'cancelled' | 'failed'} Step */

/**
 * One file on its way to the town hall, in pieces. A line that breaks is waited for, and it goes on with the piece that
 * is missing; the same file chosen again, here or in another window, goes on where it was. Says `change`.
 */
export class Upload extends EventTarget {
  /** @type {Step} */
  step = 'sending'
  sent = 0
  /** What the server said in the end. */
  words = ''
  /** @type {string | undefined} */
  paper

  #piece = SMALLEST * 2
  #closing = new AbortController()

  /**
   * @param {string} base address of the papers
   * @param {File} file
   */
  constructor(base, file) {
    super()
    this.base = base
    this.file = file
    this.name = file.name
  }

  /** From 0 to 100. */
  get share() {
    return Math.floor((100 * this.sent) / Math.max(1, this.file.size))
  }

  get isOver() {
    return ['ready', 'refused', 'cancelled', 'failed'].includes(this.step)
  }

  async send() {
    try {
      const digest = await sha256(this.file)
      const key = `file-${digest.slice(0, 40)}-${this.file.size.toString(36)}`
      const begun = { name: this.name, size: this.file.size, key, digest }
      await this.#follow(await this.#asked(`${this.base}/uploads`, begun))
    } catch (error) {
      if (this.#closing.signal.aborted) return
      this.words = /** @type {any} */ (error).sentence ?? ''
      this.#go(this.words ? 'refused' : 'failed') // who was given a reason need not try again
    }
  }

  /** As if it had never begun. */
  async cancel() {
    if (this.isOver) return
    this.#closing.abort()
    this.#go('cancelled')
    if (this.paper) await post(`${this.base}/${this.paper}/cancel`).catch(() => {})
  }

  /** @param {Told} told */
  async #follow(told) {
    this.paper = told.paper
    this.name = told.name
    this.sent = told.offset
    while (told.state === 'receiving' && this.sent < this.file.size) {
      this.#go('sending')
      await this.#next()
    }
    this.sent = this.file.size
    this.#go('checking')
    if (told.state === 'receiving') told = await this.#asked(`${this.base}/${this.paper}/finish`, {}, 120_000)
    while (told.state === 'checking') {
      this.words = told.words
      await this.#pause(2_000)
      told = await (await this.#fetched(`${this.base}/${this.paper}/state`)).json()
    }
    this.words = told.words
    this.#go(told.state === 'ready' ? 'ready' : 'refused')
  }

  /** One piece more. Whatever goes wrong on the way, the server says where to go on. */
  async #next() {
    const piece = this.file.slice(this.sent, this.sent + this.#piece)
    const digest = await sha256(piece)
    for (let tried = 0; ; tried++) {
      this.#closing.signal.throwIfAborted()
      const began = performance.now()
      const answer = await this.#put(piece, digest)
      if (answer && [200, 400, 409].includes(answer.status)) {
        const told = await answer.json()
        if (typeof told.offset !== 'number' || (told.state && told.state !== 'receiving')) throw Object.assign(new Error(), { sentence: told.error })
        this.sent = told.offset
        if (answer.ok) this.#learn(performance.now() - began)
        return
      }
      if (answer && answer.status < 500 && answer.status !== 429) {
        const { error = '' } = await answer.json().catch(() => ({}))
        throw Object.assign(new Error(), { sentence: error })
      }
      this.#piece = Math.max(SMALLEST, this.#piece / 2)
      this.#go('waiting')
      await this.#pause(jittered(Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** tried)))
      if (piece.size > this.#piece) return
    }
  }

  /** @param {number} took milliseconds for the last piece */
  #learn(took) {
    const fit = this.#piece * (PACE / Math.max(50, took))
    this.#piece = Math.round(Math.min(LARGEST, Math.max(SMALLEST, Math.min(fit, this.#piece * 2))))
  }

  /**
   * @param {Blob} piece
   * @param {string} digest
   * @returns {Promise<Response | undefined>}
   */
  async #put(piece, digest) {
    const headers = { Accept: 'application/json', 'X-CSRFToken': csrfToken(), 'X-Piece-Digest': digest, 'Content-Type': 'application/octet-stream' }
    try {
      return await fetch(`${this.base}/${this.paper}/pieces?offset=${this.sent}`, { method: 'POST', headers, body: piece, signal: this.#within(PATIENCE) })
    } catch {
      return undefined
    }
  }

  /** @param {string} url @param {object} body @param {number} [timeout] @returns {Promise<Told>} */
  async #asked(url, body, timeout = 15_000) {
    const answer = await post(url, body, { tries: Infinity, timeout, signal: this.#closing.signal })
    return answer.json()
  }

  /** @param {string} url @returns {Promise<Response>} */
  async #fetched(url) {
    for (;;) {
      this.#closing.signal.throwIfAborted()
      const answer = await fetch(url, { headers: { Accept: 'application/json' }, signal: this.#within(PATIENCE) }).catch(() => undefined)
      if (answer?.ok) return answer
      if (answer?.status === 404) throw Object.assign(new Error(), { sentence: '' })
      await this.#pause(1_000)
    }
  }

  /** @param {number} time */
  #within(time) {
    // Where a browser has no such signals, its own patience has to do.
    if (!('any' in AbortSignal)) return this.#closing.signal
    return AbortSignal.any([this.#closing.signal, AbortSignal.timeout(time)])
  }

  /** @param {number} wait @returns {Promise<void>} */
  #pause(wait) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        removeEventListener('online', done)
        this.#closing.signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, wait)
      addEventListener('online', done)
      this.#closing.signal.addEventListener('abort', done)
    })
  }

  /** @param {Step} step */
  #go(step) {
    if (this.step === 'cancelled') return
    this.step = step
    this.dispatchEvent(new Event('change'))
  }
}
