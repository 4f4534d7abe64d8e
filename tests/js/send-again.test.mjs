import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Pause, mount } from '../../static/js/identity/send-again.js'

const TEXTS = { textWait: 'Wait {seconds} seconds.', textNow: 'Ask now.' }

/** The form with two buttons and a place for words, just real enough. */
function aForm(seconds) {
  const buttons = [{ disabled: false }, { disabled: false }]
  const words = { textContent: '' }
  return {
    buttons,
    words,
    dataset: { seconds, ...TEXTS },
    querySelector: () => words,
    querySelectorAll: () => buttons
  }
}

test('a pause ends by the clock and not by counting', () => {
  let now = 0
  const pause = new Pause(30, () => now)

  now = 12_400
  assert.equal(pause.left, 18)
  now = 3_600_000
  assert.equal(pause.left, 0)
})

test('the buttons are still until the message has had its time, and it says how long', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] })
  const form = aForm('3')
  const undo = mount(form)

  assert.deepEqual(form.buttons.map((button) => button.disabled), [true, true])
  assert.equal(form.words.textContent, 'Wait 3 seconds.')
  t.mock.timers.tick(1_000)
  assert.equal(form.words.textContent, 'Wait 2 seconds.')
  t.mock.timers.tick(2_000)
  assert.deepEqual(form.buttons.map((button) => button.disabled), [false, false])
  assert.equal(form.words.textContent, 'Ask now.')
  undo()
})

test('who comes back later is not told to wait', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] })
  for (const seconds of ['0', '', 'x', undefined]) {
    const form = aForm(seconds)
    mount(form)()

    assert.equal(form.buttons[0].disabled, false)
    assert.equal(form.words.textContent, '')
  }
})

test('taken from the page, it does nothing more', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] })
  const form = aForm('30')
  mount(form)()

  t.mock.timers.tick(60_000)

  assert.equal(form.words.textContent, 'Wait 30 seconds.')
})
