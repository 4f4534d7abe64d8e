/**
 * What the statistics of one connection say, in a few numbers.
 * @typedef {object} Reading
 * @property {number} at
 * @property {number} packets that have arrived
 * @property {number} frames of picture that have been shown
 * @property {number} framesEachSecond
 * @property {number} width
 * @property {number} height
 * @property {number} level of the voice that arrives, from 0 to 1
 * @property {number | undefined} available bits a second that the line lets out
 * @property {number} roundTrip seconds
 * @property {number} lossOut the share of what we sent that got lost since the last reading
 * @property {number} lossIn the same of what we should have received
 * @property {number} bytes both ways, from the beginning
 * @property {number} sent bytes of these that we sent
 * @property {number} lost packets that never arrived, from the beginning
 * @property {boolean} isRelayed
 */

/** @type {Reading} */
export const NOTHING = {
  at: 0, packets: 0, frames: 0, framesEachSecond: 0, width: 0, height: 0, level: 0, available: undefined,
  roundTrip: 0, lossOut: 0, lossIn: 0, bytes: 0, sent: 0, lost: 0, isRelayed: false
}

/**
 * @param {RTCStatsReport} report
 * @param {number} now
 * @param {Reading} before
 * @returns {Reading}
 */
export function read(report, now, before) {
  const found = { ...NOTHING, at: now }
  const lossesOut = []
  for (const stat of report.values()) {
    if (stat.type === 'inbound-rtp') takeIn(found, stat)
    if (stat.type === 'remote-inbound-rtp') {
      lossesOut.push(stat.fractionLost ?? 0)
      found.roundTrip = Math.max(found.roundTrip, stat.roundTripTime ?? 0)
    }
    if (stat.type === 'candidate-pair' && stat.nominated && stat.state === 'succeeded') {
      found.available = stat.availableOutgoingBitrate
      found.roundTrip ||= stat.currentRoundTripTime ?? 0
      found.sent += stat.bytesSent ?? 0
      found.bytes += (stat.bytesSent ?? 0) + (stat.bytesReceived ?? 0)
      found.isRelayed = report.get(stat.localCandidateId)?.candidateType === 'relay'
    }
  }
  found.lossOut = Math.max(0, ...lossesOut)
  const lost = Math.max(0, found.lost - before.lost)
  const arrived = Math.max(0, found.packets - before.packets)
  found.lossIn = lost + arrived > 20 ? lost / (lost + arrived) : before.lossIn
  return found
}

/**
 * @param {Reading} found
 * @param {any} stat
 */
function takeIn(found, stat) {
  found.packets += stat.packetsReceived ?? 0
  found.lost += Math.max(0, stat.packetsLost ?? 0)
  if (stat.kind === 'audio') found.level = Math.max(found.level, stat.audioLevel ?? 0)
  if (stat.kind !== 'video') return
  found.frames += stat.framesDecoded ?? 0
  found.framesEachSecond = Math.max(found.framesEachSecond, stat.framesPerSecond ?? 0)
  found.width = Math.max(found.width, stat.frameWidth ?? 0)
  found.height = Math.max(found.height, stat.frameHeight ?? 0)
}
