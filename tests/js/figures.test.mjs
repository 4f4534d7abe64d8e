import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Figures } from '../../static/js/calls/figures.js'
import { NOTHING } from '../../static/js/calls/reading.js'

const line = (reading, repairs = 0) => ({ reading: { ...NOTHING, ...reading }, repairs })

test('rates are over the time in which something came or went', () => {
  let now = 5_000
  const figures = new Figures(() => now)
  figures.look('a', line({}))
  now = 20_000
  figures.look('a', line({ bytes: 150_000, sent: 50_000, packets: 190, lost: 10, frames: 250, height: 360, roundTrip: 0.12 }))
  now = 30_000
  const told = figures.summary('hung_up')
  assert.deepEqual(
    [told.seconds, told.sent_kbits, told.received_kbits, told.frames, told.loss, told.height, told.round_trip_ms, told.ending],
    [10, 40, 80, 25, 5, 360, 120, 'hung_up']
  )
  assert.equal(told.is_relayed, false)
})

test('a line that was built anew is added to the one before it', () => {
  let now = 0
  const figures = new Figures(() => now)
  figures.look('a', line({ bytes: 100_000, frames: 100 }))
  figures.look('a', line({ bytes: 20_000, frames: 20, isRelayed: true }, 1))
  figures.look('a', line({ bytes: 25_000, frames: 50, isRelayed: true }, 1))
  now = 10_000
  const told = figures.summary('ended')
  assert.deepEqual([told.received_kbits, told.frames, told.mends, told.is_relayed], [100, 15, 1, true])
})

test('with several people every line counts', () => {
  let now = 0
  const figures = new Figures(() => now)
  figures.look('a', line({ bytes: 50_000 }, 2))
  figures.look('b', line({ bytes: 50_000 }, 1))
  now = 10_000
  assert.deepEqual([figures.summary('ended').received_kbits, figures.summary('ended').mends], [80, 3])
})

test('without anybody there are no rates to tell', () => {
  const { seconds, sent_kbits: sent, loss, is_relayed: relayed } = new Figures(() => 0).summary('closed')
  assert.deepEqual([seconds, sent, loss, relayed], [0, null, null, null])
})
