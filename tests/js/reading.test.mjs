import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOTHING, read } from '../../static/js/calls/reading.js'

const report = (...stats) => new Map(stats.map((stat) => [stat.id ?? stat.type, stat]))

test('statistics become a few numbers', () => {
  const found = read(report(
    { id: 'a', type: 'inbound-rtp', kind: 'audio', packetsReceived: 100, packetsLost: 0, audioLevel: 0.2 },
    { id: 'v', type: 'inbound-rtp', kind: 'video', packetsReceived: 300, packetsLost: 100, framesDecoded: 90, framesPerSecond: 24, frameWidth: 640, frameHeight: 360 },
    { id: 'r', type: 'remote-inbound-rtp', fractionLost: 0.05, roundTripTime: 0.12 },
    { id: 'p', type: 'candidate-pair', nominated: true, state: 'succeeded', availableOutgoingBitrate: 700_000, bytesSent: 10, bytesReceived: 20, localCandidateId: 'l' },
    { id: 'l', type: 'local-candidate', candidateType: 'relay' }
  ), 1_000, NOTHING)
  assert.deepEqual(found, {
    at: 1_000, packets: 400, frames: 90, framesEachSecond: 24, width: 640, height: 360, level: 0.2, available: 700_000,
    roundTrip: 0.12, lossOut: 0.05, lossIn: 0.2, bytes: 30, sent: 10, lost: 100, isRelayed: true
  })
})

test('loss is that of late, and too few packets tell nothing new', () => {
  const before = { ...NOTHING, packets: 1_000, lost: 100, lossIn: 0.1 }
  const audio = { type: 'inbound-rtp', kind: 'audio', packetsReceived: 1_100, packetsLost: 100 }
  assert.equal(read(report(audio), 1, before).lossIn, 0)
  assert.equal(read(report({ ...audio, packetsReceived: 1_005 }), 1, before).lossIn, 0.1)
})

test('of a connection that has just begun nothing is known', () => {
  assert.deepEqual(read(report(), 5, NOTHING), { ...NOTHING, at: 5 })
})
