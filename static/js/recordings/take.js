import { csrfToken, post, Refused } from '../core/post.js'
import { Outbox } from './outbox.js'
import { forget, keyFrom, leftBehind, piecesOf, remember, shelfOf } from './shelf.js'

const EVERY = 2_000
const BITS = { videoBitsPerSecond: 400_000, audioBitsPerSecond: 32_000 }
const TEXT = 'text/json'
const KINDS = ['video/webm;codecs=vp8,opus', 'video/webm;codecs=vp9,opus']
const FOREVER = { tries: Infinity }
const PATIENCE = 8_000
const SOON = 5_000

/** What this browser can record. */
export const kindHere = () => KINDS.find((kind) => globalThis.MediaRecorder?.isTypeSupported(kind))

/** What this window records without stopping. Says `taken`, `refused` and `broken`. */
export class Take extends EventTarget {
  /** What the house said of it. @type {{ take: string, at_ms: number, now: number }} */
  told
  /** Of the clock of the house against ours, in milliseconds. */
  offset = 0
  #isEnding = false
  #startedAt = 0
  #last = 0

  /**
   * @param {string} address of the segment
   * @param {MediaStream | null} stream none while a media server records: what is written is all that we send
   */
  static async begin(address, stream) {
    await sendLeftBehind(address)
    const kind = stream ? (kindHere() ?? '') : TEXT
    const asked = Date.now()
    const answer = await post(`${address}/takes`, { media_type: kind, now: asked })
    const told = await answer.json()
    const take = new Take(address, told, stream, kind)
    take.offset = told.now - (asked + Date.now()) / 2
    take.outbox = await outboxOf(take.address, told)
    await remember(told.take, take.address).catch(() => {})
    take.#start()
    return take
  }

  /**
   * @param {string} address
   * @param {any} told
   * @param {MediaStream | null} stream
   * @param {string} kind
   */
  constructor(address, told, stream, kind) {
    super()
    this.address = `${address}/takes/${told.take}`
    this.told = told
    this.media = stream && new MediaRecorder(stream, { mimeType: kind, ...BITS })
    /** @type {Outbox} */
    this.outbox = new Outbox('', { put: async () => {}, remove: async () => {} }, async () => {})
  }

  /** Where it is, in milliseconds of the segment. */
  get ms() {
    return Math.round(this.told.at_ms + performance.now() - this.#startedAt)
  }

  /** The time of the house. */
  get clock() {
    return new Date(Date.now() + this.offset)
  }

  /** A line that somebody wrote. @param {string} name @param {string} words */
  write(name, words) {
    const at = Math.round(performance.now() - this.#startedAt)
    const body = new TextEncoder().encode(JSON.stringify([[at, name, words]]))
    this.outbox.add('text', body.buffer, at, 0)
  }

  /** Record no more; what is recorded still arrives. */
  async end() {
    if (this.#isEnding) return
    this.#isEnding = true
    await new Promise((resolve) => {
      if (!this.media || this.media.state === 'inactive') return resolve(null)
      this.media.addEventListener('stop', resolve, { once: true })
      this.media.stop()
    })
    await sendEnd(this.address, this.outbox, this.told.take)
  }

  #start() {
    const { media, outbox } = this
    outbox.addEventListener('taken', () => this.dispatchEvent(new Event('taken')))
    outbox.addEventListener('refused', () => this.dispatchEvent(new Event('refused')))
    this.#startedAt = performance.now()
    if (!media) return
    media.ondataavailable = ({ data }) => this.#keep(data)
    media.onerror = media.onstop = () => this.#isEnding || this.dispatchEvent(new Event('broken'))
    media.start(EVERY)
  }

  /** @param {Blob} data */
  #keep(data) {
    const now = performance.now() - this.#startedAt
    if (data.size) this.outbox.add('media', data, this.#last, now - this.#last)
    this.#last = now
  }
}

/**
 * @param {string} address of the take
 * @param {{ take: string, head: string, pieces: number, key: string }} told
 */
async function outboxOf(address, told) {
  const shelf = shelfOf(told.take, address, await keyFrom(told.key))
  const outbox = new Outbox(told.head, shelf, (piece) => put(address, piece))
  outbox.count = told.pieces
  addEventListener('online', () => outbox.hurry())
  return outbox
}

/**
 * @param {string} address
 * @param {Outbox} outbox
 * @param {string} take
 */
async function sendEnd(address, outbox, take) {
  await outbox.drained()
  const { count: pieces, head } = outbox
  if (!outbox.isRefused) await post(`${address}/end`, { pieces, head, now: Date.now() }, FOREVER).catch(() => {})
  await forget(take).catch(() => {})
}

/**
 * @param {string} address
 * @param {import('./outbox.js').Piece} piece
 */
async function put(address, { number, kind, starts, length, sha256, head, body }) {
  const told = new URLSearchParams({ kind, starts: String(starts), length: String(length), sha256, head })
  const headers = { Accept: 'application/json', 'X-CSRFToken': csrfToken(), 'Content-Type': 'application/octet-stream' }
  const signal = AbortSignal.timeout(PATIENCE)
  const answer = await fetch(`${address}/pieces/${number}?${told}`, { method: 'PUT', headers, body, signal })
  if (answer.ok) return
  if (answer.status >= 500 || answer.status === 429) throw new Error(`not now: ${answer.status}`)
  throw new Refused(answer.status, answer)
}

/**
 * What an earlier page recorded and could not send. With an address, of that segment alone, no longer than a new take
 * can wait, and with its end: nobody records it any more.
 * @param {string} [address] of a segment
 */
export async function sendLeftBehind(address) {
  const left = [...(await leftBehind(!!address))].filter(([, where]) => !address || where.startsWith(`${address}/`))
  const sending = Promise.all(left.map(([take, where]) => sendAgain(take, where).catch(() => {})))
  const soon = new Promise((resolve) => setTimeout(resolve, SOON))
  await (address ? Promise.race([sending, soon]) : sending)
}

/**
 * @param {string} take
 * @param {string} address
 */
async function sendAgain(take, address) {
  const answer = await fetch(address, { headers: { Accept: 'application/json' } })
  if ([403, 404, 410].includes(answer.status)) return forget(take)
  if (!answer.ok) return
  const told = await answer.json()
  if (!told.is_open) return forget(take)
  const outbox = await outboxOf(address, told)
  outbox.again(await piecesOf(take, await keyFrom(told.key), told.pieces))
  await sendEnd(address, outbox, take)
}
