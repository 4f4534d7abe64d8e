import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bars, HIGHEST, LineRule, megabytesEachMinute, RUNGS, SPARING } from '../../static/js/calls/line.js'

/** A line under this weather for so long; the rungs it passes through. */
function through(rule, clock, weather, milliseconds, cap) {
  const passed = []
  for (const end = clock.now + milliseconds; clock.now < end; clock.now += 500) {
    const rung = RUNGS[rule.judge(weather, clock.now, cap)].name
    if (passed.at(-1) !== rung) passed.push(rung)
  }
  return passed
}

const begun = () => [new LineRule(0), { now: 0 }]

for (const [available, rung] of [[700_000, 'full'], [400_000, 'half'], [200_000, 'low'], [120_000, 'sound']]) {
  test(`a line that carries ${available / 1_000} kbit/s comes to rest at ${rung}`, () => {
    const [rule, clock] = begun()
    assert.equal(through(rule, clock, { available }, 12_000).at(-1), rung)
  })
}

test('a short dip changes nothing', () => {
  const [rule, clock] = begun()
  through(rule, clock, { available: 900_000 }, 8_000)
  assert.deepEqual(through(rule, clock, { available: 100_000 }, 1_500), ['full'])
  assert.deepEqual(through(rule, clock, { available: 900_000 }, 8_000), ['full'])
})

test('a wide line is climbed one rung at a time', () => {
  const [rule, clock] = begun()
  through(rule, clock, { available: 160_000 }, 8_000)
  assert.deepEqual(through(rule, clock, { available: 900_000 }, 20_000), ['low', 'half', 'full'])
})

test('sound alone is tried again with a picture every twenty seconds, and less often when that fails', () => {
  const [rule, clock] = begun()
  through(rule, clock, { available: 100_000 }, 8_000)
  const tries = []
  let last = 'sound'
  for (const end = clock.now + 120_000; clock.now < end; clock.now += 500) {
    const rung = RUNGS[rule.judge({ available: 100_000 }, clock.now)].name
    if (rung === 'low' && last === 'sound') tries.push(clock.now)
    last = rung
  }
  assert.equal(tries.length, 2)
  assert.ok(tries[0] <= 30_000)
  assert.ok(tries[1] - tries[0] >= 40_000)
})

test('much loss takes a rung away, whatever the line is said to carry', () => {
  const [rule, clock] = begun()
  through(rule, clock, { available: 900_000 }, 8_000)
  assert.deepEqual(through(rule, clock, { available: 900_000, loss: 0.2 }, 4_000), ['full', 'half'])
})

test('nothing is known, nothing is changed', () => {
  const [rule, clock] = begun()
  assert.deepEqual(through(rule, clock, {}, 10_000), ['full'])
})

test('who spares data gets no more than the low rung, and the line is still called good', () => {
  const [rule, clock] = begun()
  assert.deepEqual(through(rule, clock, { available: 900_000 }, 10_000, SPARING), ['low'])
  assert.equal(bars({ rung: SPARING, cap: SPARING, loss: 0, roundTrip: 0.05 }), 4)
})

test('bars say what a person would', () => {
  const good = { rung: HIGHEST, cap: HIGHEST, loss: 0, roundTrip: 0.05 }
  assert.deepEqual([good, { ...good, roundTrip: 0.4 }, { ...good, loss: 0.1 }, { ...good, rung: 1 }, { ...good, rung: 0 }].map(bars), [4, 3, 2, 2, 1])
})

test('the choice is told in megabytes', () => {
  assert.ok(megabytesEachMinute(SPARING) * 3 <= megabytesEachMinute(HIGHEST))
  assert.equal(megabytesEachMinute(HIGHEST, 2), Math.round(2 * (120 * 1_040_000) / 8e6))
})
