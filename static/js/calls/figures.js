/** @typedef {import('./reading.js').Reading} Reading */
/** @typedef {import('./mesh.js').Line} Line */

/** @param {number} bytes @param {number} seconds */
const kbits = (bytes, seconds) => (seconds > 1 ? Math.round((bytes * 8) / 1_000 / seconds) : null)

/** How a call goes for this window: sums over every line that there was, those that were built anew included. */
export class Figures {
  /** @type {number | null} */
  pictureMs = null
  /** @type {number | null} */
  #since = null
  /** @type {Map<string, Reading>} what each line said last */
  #now = new Map()
  /** @type {Reading[]} of lines that are gone */
  #before = []
  #mends = 0
  /** @type {Map<string, number>} */
  #repairs = new Map()

  /** @param {() => number} [clock] milliseconds, on a clock that only goes forward */
  constructor(clock = () => performance.now()) {
    this.clock = clock
  }

  /** Read the line to somebody. Fewer bytes than before are those of a new line. @param {string} id @param {Line} line */
  look(id, { reading, repairs }) {
    const last = this.#now.get(id)
    if (last && reading.bytes < last.bytes) this.#before.push(last)
    if (reading.bytes) this.#since ??= this.clock()
    this.#now.set(id, reading)
    this.#mends += Math.max(0, repairs - (this.#repairs.get(id) ?? 0))
    this.#repairs.set(id, repairs)
  }

  /** @param {string} ending how this window's part came to its end; `ongoing` until then */
  summary(ending) {
    const lines = [...this.#before, ...this.#now.values()]
    /** @param {'bytes' | 'sent' | 'packets' | 'lost' | 'frames' | 'height' | 'roundTrip'} name */
    const all = (name) => lines.map((line) => line[name])
    /** @param {number[]} amounts */
    const sum = (amounts) => amounts.reduce((total, amount) => total + amount, 0)
    const seconds = this.#since === null ? 0 : (this.clock() - this.#since) / 1_000
    const [bytes, sent, lost, frames] = [sum(all('bytes')), sum(all('sent')), sum(all('lost')), sum(all('frames'))]
    const expected = lost + sum(all('packets'))
    const roundTrip = Math.max(0, ...all('roundTrip'))
    return {
      seconds,
      ending,
      picture_ms: this.pictureMs,
      sent_kbits: kbits(sent, seconds),
      received_kbits: kbits(bytes - sent, seconds),
      loss: expected ? (100 * lost) / expected : null,
      round_trip_ms: roundTrip ? roundTrip * 1_000 : null,
      frames: frames && seconds > 1 ? frames / seconds : null,
      height: Math.max(0, ...all('height')) || null,
      mends: this.#mends,
      is_relayed: bytes ? lines.some((line) => line.isRelayed) : null
    }
  }
}
