import assert from 'node:assert/strict'
import { test } from 'node:test'

import { mount } from '../../static/js/identity/code-from-message.js'

/** The form of the code, just real enough: one field, one button. */
function aForm() {
  const button = { focused: 0, focus: () => button.focused++ }
  const field = { value: '', form: { querySelector: () => button } }
  const listeners = new Map()
  return {
    button,
    field,
    send: () => listeners.get('submit')?.(),
    querySelector: () => field,
    addEventListener: (name, act) => listeners.set(name, act),
    removeEventListener: (name) => listeners.delete(name)
  }
}

/** A telephone that can read the message: answers when told to. */
function aTelephone(t) {
  const asked = []
  globalThis.OTPCredential = class {}
  const get = (options) => new Promise((resolve, reject) => {
    asked.push({ options, resolve, reject })
    options.signal.addEventListener('abort', () => reject(options.signal.reason))
  })
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  Object.defineProperty(globalThis, 'navigator', { value: { credentials: { get } }, configurable: true })
  t.after(() => {
    delete globalThis.OTPCredential
    if (before) Object.defineProperty(globalThis, 'navigator', before)
    else delete globalThis.navigator
  })
  return asked
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('the code of the message is put into the field, and the person presses the button', async (t) => {
  const asked = aTelephone(t)
  const form = aForm()
  mount(form)

  assert.deepEqual(asked[0].options.otp, { transport: ['sms'] })
  asked[0].resolve({ code: '123456' })
  await settle()

  assert.equal(form.field.value, '123456')
  assert.equal(form.button.focused, 1)
})

test('what somebody has begun to write stays', async (t) => {
  const asked = aTelephone(t)
  const form = aForm()
  mount(form)
  form.field.value = '12'

  asked[0].resolve({ code: '654321' })
  await settle()

  assert.equal(form.field.value, '12')
})

test('a telephone that refuses or knows nothing leaves the field as it was', async (t) => {
  const asked = aTelephone(t)
  const form = aForm()
  mount(form)

  asked[0].reject(new Error('refused'))
  await settle()

  assert.equal(form.field.value, '')
})

test('sending the form, or leaving the page, ends the wait', async (t) => {
  const asked = aTelephone(t)
  const form = aForm()
  mount(form)
  form.send()
  assert.equal(asked[0].options.signal.aborted, true)

  mount(aForm())()
  assert.equal(asked[1].options.signal.aborted, true)
  await settle()
})

test('a browser that cannot read messages is not asked', () => {
  const form = aForm()

  mount(form)()

  assert.equal(form.field.value, '')
})
