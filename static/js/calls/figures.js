/**
 * @typedef {object} Reading what one line has carried so far
 * @property {number} sent bytes
 * @property {number} received bytes
 * @property {number} packets that arrived
 * @property {number} lost packets
 * @property {number} frames seen
 * @property {number} height of the picture, in lines
 * @property {number | null} roundTrip seconds
 * @property {boolean | null} isRelayed
 */

/** @returns {Reading} */
const nothing = () => ({
  sent: 0, received: 0, packets: 0, lost: 0, frames: 0, height: 0, roundTrip: null, isRelayed: null
})

/** What `getStats()` says, in the few figures that we keep. @param {Iterable<any>} reports @returns {Reading} */
export function read(reports) {
  const found = nothing()
  /** @type {Map<string, any>} */
  const byId = new Map()
  for (const report of reports) byId.set(report.id, report)
  for (const report of byId.values()) {
    if (report.type === 'outbound-rtp') found.sent += report.bytesSent ?? 0
    if (report.type === 'inbound-rtp') {
      found.received += report.bytesReceived ?? 0
      found.packets += report.packetsReceived ?? 0
      found.lost += Math.max(0, report.packetsLost ?? 0)
      found.frames += report.framesDecoded ?? 0
      found.height = Math.max(found.height, report.frameHeight ?? 0)
    }
    if (report.type === 'candidate-pair' && report.nominated && report.state === 'succeeded') {
      found.roundTrip = report.currentRoundTripTime ?? found.roundTrip
      const ends = [byId.get(report.localCandidateId), byId.get(report.remoteCandidateId)]
      found.isRelayed = ends.some((end) => end?.candidateType === 'relay')
    }
  }
  return found
}

/** How the call went for one window. It sums up lines that are gone and lines that are there. */
export class Figures {
  mends = 0
  /** @type {number | null} */
  pictureMs = null
  /** @type {number | null} */
  #since = null
  /** @type {Map<RTCPeerConnection, Reading>} */
  #lines = new Map()

  /** @param {() => number} [now] milliseconds, on a clock that only goes forward */
  constructor(now = () => performance.now()) {
    this.now = now
  }

  /** Read every line that is there; one that is closed keeps what it last said. @param {Iterable<RTCPeerConnection>} lines */
  async look(lines) {
    for (const line of lines) {
      if (line.connectionState === 'closed') continue
      const reading = read((await line.getStats()).values())
      if (reading.received) this.#since ??= this.now()
      this.#lines.set(line, reading)
    }
  }

  /** @param {string} ending */
  summary(ending) {
    const total = nothing()
    for (const reading of this.#lines.values()) {
      for (const name of /** @type {const} */ (['sent', 'received', 'packets', 'lost', 'frames'])) total[name] += reading[name]
      total.height = Math.max(total.height, reading.height)
      total.roundTrip = reading.roundTrip ?? total.roundTrip
      total.isRelayed = reading.isRelayed ?? total.isRelayed
    }
    const seconds = this.#since === null ? 0 : (this.now() - this.#since) / 1_000
    /** @param {number} amount */
    const perSecond = (amount) => (seconds > 1 ? amount / seconds : null)
    const kbits = (/** @type {number} */ bytes) => perSecond((bytes * 8) / 1_000)
    const expected = total.packets + total.lost
    return {
      seconds,
      ending,
      picture_ms: this.pictureMs,
      sent_kbits: kbits(total.sent),
      received_kbits: kbits(total.received),
      loss: expected ? (100 * total.lost) / expected : null,
      round_trip_ms: total.roundTrip === null ? null : total.roundTrip * 1_000,
      frames: total.frames ? perSecond(total.frames) : null,
      height: total.height || null,
      mends: this.mends,
      is_relayed: total.isRelayed
    }
  }
}
