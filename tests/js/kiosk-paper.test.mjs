import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cameraFor, wordsFor } from '../../static/js/kiosks/call-screen.js'

test('whoever waits for a paper reads why it does not come', () => {
  assert.equal(wordsFor('print', 'asked'), 'print')
  assert.equal(wordsFor('print', 'done'), 'done')
  assert.equal(wordsFor('print', 'no_paper'), 'no-paper')
  assert.equal(wordsFor('print', 'stopped'), 'stopped')
  assert.equal(wordsFor('scan', 'no_paper'), 'no-sheet')
  assert.equal(wordsFor('scan', 'anything else'), 'failed')
})

test('the camera over the table is known by its name, else it is the second one', () => {
  const face = { deviceId: 'a', label: 'Webcam' }
  const table = { deviceId: 'b', label: 'USB Document Camera' }
  assert.equal(cameraFor([table, face], 'table'), table)
  assert.equal(cameraFor([table, face], 'face'), face)
  assert.equal(cameraFor([face], 'table'), undefined)
})
