import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Figures, read } from '../../static/js/calls/figures.js'

const pair = { id: 'p', type: 'candidate-pair', nominated: true, state: 'succeeded', localCandidateId: 'l', remoteCandidateId: 'r', currentRoundTripTime: 0.12 }
const picture = { id: 'v', type: 'inbound-rtp', kind: 'video', bytesReceived: 90_000, packetsReceived: 90, packetsLost: 10, framesDecoded: 250, frameHeight: 360 }
const sound = { id: 'a', type: 'inbound-rtp', kind: 'audio', bytesReceived: 10_000, packetsReceived: 100, packetsLost: -1 }
const sending = { id: 'o', type: 'outbound-rtp', bytesSent: 50_000 }
const ends = [{ id: 'l', type: 'local-candidate', candidateType: 'host' }, { id: 'r', type: 'remote-candidate', candidateType: 'relay' }]

const line = (reports, connectionState = 'connected') => ({
  connectionState,
  getStats: async () => new Map(reports.map((report) => [report.id, report]))
})

test('one line is summed up over sound and picture', () => {
  const found = read([pair, picture, sound, sending, ...ends])
  assert.deepEqual(found, {
    sent: 50_000, received: 100_000, packets: 190, lost: 10, frames: 250, height: 360, roundTrip: 0.12, isRelayed: true
  })
})

test('a line between two hosts is not relayed, and one that never came to be is unknown', () => {
  const hosts = ends.map((end) => ({ ...end, candidateType: 'host' }))
  assert.equal(read([pair, ...hosts]).isRelayed, false)
  assert.equal(read([{ ...pair, nominated: false }, ...hosts]).isRelayed, null)
})

test('rates are over the time in which something was received', async () => {
  let now = 5_000
  const figures = new Figures(() => now)
  await figures.look([line([sending])])
  now = 20_000
  await figures.look([line([pair, picture, sound, ...ends])])
  now = 30_000
  const { seconds, received_kbits: rate, frames, loss, ending } = figures.summary('hung_up')
  assert.deepEqual({ seconds, rate, frames, loss, ending }, { seconds: 10, rate: 80, frames: 25, loss: 5, ending: 'hung_up' })
})

test('a line that was closed keeps what it last said, beside the one that took its place', async () => {
  let now = 0
  const figures = new Figures(() => now)
  const first = line([picture])
  await figures.look([first])
  first.connectionState = 'closed'
  first.getStats = () => assert.fail('nobody asks a closed line')
  await figures.look([first, line([picture])])
  now = 10_000
  assert.equal(figures.summary('ended').received_kbits, 144)
})

test('without anybody there are no rates to tell', () => {
  const { seconds, sent_kbits: sent, loss, is_relayed: relayed } = new Figures(() => 0).summary('closed')
  assert.deepEqual([seconds, sent, loss, relayed], [0, null, null, null])
})
