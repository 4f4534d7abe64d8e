import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loudness } from '../../static/js/devices/level.js'
import { median, rate } from '../../static/js/devices/line.js'

const tone = (height) => Float32Array.from({ length: 1_024 }, (_, at) => height * Math.sin(at / 4))

test('silence is 0, a full tone is nearly 100, and louder is more', () => {
  assert.equal(loudness(new Float32Array(1_024)), 0)
  assert.ok(loudness(tone(1)) > 90)
  assert.ok(loudness(tone(0.01)) < loudness(tone(0.1)))
})

test('the middle one tells, whatever the worst says', () => {
  assert.equal(median([40, 20, 9_000]), 40)
  assert.equal(median([]), null)
})

test('a rate is in kilobits a second', () => {
  assert.equal(rate(125_000, 1_000), 1_000)
  assert.equal(rate(10, 0), 80)
})
