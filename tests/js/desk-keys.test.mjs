import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Waiting, insteadOf } from '../../static/js/desk/day.js'
import { meant, nextOf } from '../../static/js/desk/keys.js'

/** A key pressed alone. */
const key = (letter, more = {}) => ({ key: letter, ctrlKey: false, altKey: false, metaKey: false, ...more })
const writtenIn = { matches: () => true }
const pressedOn = { matches: () => false }

test('a single key means what it says, in capitals too', () => {
  assert.equal(meant(key('n'), pressedOn, false), 'n')
  assert.equal(meant(key('N'), null, false), 'n')
  assert.equal(meant(key('?'), pressedOn, false), '?')
})

test('whoever writes in a field loses no letter', () => {
  assert.equal(meant(key('n'), writtenIn, false), '')
})

test('the keys of the browser and of the system stay theirs', () => {
  for (const modifier of ['ctrlKey', 'altKey', 'metaKey', 'isComposing']) {
    assert.equal(meant(key('n', { [modifier]: true }), pressedOn, false), '', modifier)
  }
  assert.equal(meant(key('Tab'), pressedOn, false), '')
  assert.equal(meant(key('Enter'), pressedOn, false), '')
})

test('while a dialog is open the keys rest', () => {
  assert.equal(meant(key('n'), pressedOn, true), '')
})

test('rows are walked up and down and end at both ends', () => {
  const rows = ['a', 'b', 'c']
  assert.equal(nextOf(rows, undefined, 1), 'a')
  assert.equal(nextOf(rows, undefined, -1), 'c')
  assert.equal(nextOf(rows, 'a', 1), 'b')
  assert.equal(nextOf(rows, 'c', 1), 'c')
  assert.equal(nextOf(rows, 'a', -1), 'a')
  assert.equal(nextOf([], undefined, 1), undefined)
})

test('somebody who comes is told once, somebody who goes is not', () => {
  const waiting = new Waiting(2)
  assert.equal(waiting.changes(3), true)
  assert.equal(waiting.changes(3), false)
  assert.equal(waiting.changes(1), false)
  assert.equal(waiting.changes(2), true)
})

test('the focus goes to the same person, else to the heading', () => {
  assert.deepEqual(insteadOf('call-x2y'), ['call-x2y', 'open-x2y', 'agenda-waiting'])
})
