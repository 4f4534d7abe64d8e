import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Digits } from '../../static/js/kiosks/digits.js'
import { Idle } from '../../static/js/kiosks/idle.js'
import { Voice } from '../../static/js/kiosks/voice.js'

/** Somebody before a screen that asks after ninety seconds and waits sixty for an answer. */
function before() {
  let now = 0
  const idle = new Idle(90, 60, () => now)
  return { idle, wait: (seconds) => { now += seconds * 1_000 } }
}

test('who is silent for ninety seconds is asked, and has sixty to answer', () => {
  const { idle, wait } = before()
  wait(89)
  assert.deepEqual([idle.isAsking, idle.isOver], [false, false])
  wait(1)
  assert.deepEqual([idle.isAsking, idle.isOver, idle.left], [true, false, 60])
  wait(59)
  assert.deepEqual([idle.isOver, idle.left], [false, 1])
  wait(1)
  assert.deepEqual([idle.isOver, idle.left], [true, 0])
})

test('one touch, at the last second too, and nobody is asked for ninety seconds', () => {
  const { idle, wait } = before()
  wait(149)
  idle.touch()
  assert.deepEqual([idle.isAsking, idle.isOver], [false, false])
  wait(89)
  assert.equal(idle.isAsking, false)
})

test('nobody is asked in a call, and the time begins again after it', () => {
  const { idle, wait } = before()
  wait(80)
  idle.pause(true)
  wait(3_600)
  assert.deepEqual([idle.isAsking, idle.isOver], [false, false])
  idle.pause(false)
  wait(89)
  assert.equal(idle.isAsking, false)
  wait(1)
  assert.equal(idle.isAsking, true)
})

test('a number is digits, in groups, and no more of them than fit', () => {
  const digits = new Digits(9, [3, 2, 2, 2])
  for (const key of ['6', 'a', '', '12', '0', '0', '1', '2', '3', '4', '5', '6', '7']) digits.add(key)
  assert.deepEqual([digits.typed, digits.shown, digits.isFull], ['600123456', '600 12 34 56', true])
  digits.takeBack()
  assert.deepEqual([digits.shown, digits.isFull], ['600 12 34 5', false])
})

test('what a keyboard wrote is read the same way', () => {
  assert.equal(new Digits(8, [4, 4], '12-34 x5678 9').shown, '1234 5678')
  assert.equal(new Digits(8, [4, 4], 'no digits').shown, '')
})

/** A player that plays nothing, and says when it is told to. */
class Player extends EventTarget {
  played = []
  set src(clip) { this.played.push(clip) }
  play() {}
  pause() { this.isPaused = true }
  over() { this.dispatchEvent(new Event('ended')) }
}

test('clips are heard one after the other, and a second press stops them', () => {
  const player = new Player()
  const voice = new Voice(() => player)
  const told = []
  voice.addEventListener('change', () => told.push(voice.isSpeaking))
  voice.setVolume(40)
  voice.say(['one', 'two'])
  assert.deepEqual([player.played, player.volume, voice.isSpeaking], [['one'], 0.4, true])
  player.over()
  assert.deepEqual(player.played, ['one', 'two'])
  voice.stop()
  assert.deepEqual([voice.isSpeaking, player.isPaused, voice.waiting], [false, true, []])
  voice.say(['three'])
  player.over()
  assert.deepEqual(told, [true, false, true, false])
})

test('a clip that cannot be played ends it, and the key says so', () => {
  const player = new Player()
  const voice = new Voice(() => player)
  voice.say(['one', 'two'])
  player.dispatchEvent(new Event('error'))
  assert.deepEqual([voice.isSpeaking, player.played], [false, ['one']])
})
