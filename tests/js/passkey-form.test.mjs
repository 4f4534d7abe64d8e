import assert from 'node:assert/strict'
import { test } from 'node:test'

import { mount as mountSignals } from '../../static/js/identity/passkey-signals.js'
import { mount } from '../../static/js/identity/passkey-form.js'

const soon = () => new Promise((resolve) => setTimeout(resolve, 5))

/**
 * A page with one button, a device and a house.
 * @param {import('node:test').TestContext} t
 */
function aPage(t, { kind = 'sign-in', conditional = false, answer = async () => ({}), finish = () => new Response('{"next":"/ca/me"}') } = {}) {
  const before = Object.getOwnPropertyDescriptors(globalThis)
  const went = []
  const asked = []
  const signals = []
  const waits = []
  class PublicKeyCredential {
    static parseCreationOptionsFromJSON = (options) => options
    static parseRequestOptionsFromJSON = (options) => options
    static isConditionalMediationAvailable = async () => true
    static signalUnknownCredential = async (words) => void signals.push(words)
    static signalAllAcceptedCredentials = async (words) => void signals.push(words)
  }
  const credentials = {
    create: async (how) => ({ id: 'key', toJSON: () => ({ id: 'key' }), ...(await answer(how)) }),
    get: async (how) => {
      if (how.mediation === 'conditional') {
        waits.push(how.signal)
        return new Promise((resolve, refuse) => {
          how.signal.addEventListener('abort', () => refuse(new DOMException('over', 'AbortError')))
          waits.answer = () => resolve({ id: 'key', toJSON: () => ({ id: 'key' }) })
        })
      }
      return { id: 'key', toJSON: () => ({ id: 'key' }), ...(await answer(how)) }
    }
  }
  Object.defineProperty(globalThis, 'navigator', { value: { credentials }, configurable: true })
  Object.assign(globalThis, {
    PublicKeyCredential,
    document: { querySelector: () => null },
    location: { assign: (url) => went.push(url) },
    addEventListener() {},
    removeEventListener() {},
    fetch: async (url, { body }) => {
      asked.push(url)
      return url === '/options' ? new Response('{"challenge":"x","rpId":"vilaclara.test"}') : finish(body)
    }
  })
  t.after(() => {
    for (const name of ['navigator', 'PublicKeyCredential', 'document', 'location', 'addEventListener', 'removeEventListener', 'fetch']) {
      const was = before[name]
      if (was) Object.defineProperty(globalThis, name, was)
      else Reflect.deleteProperty(globalThis, name)
    }
  })
  const go = Object.assign(new EventTarget(), { disabled: false })
  const problem = { textContent: '' }
  const form = {
    isConnected: true,
    dataset: { kind, optionsUrl: '/options', finishUrl: '/finish', ...(conditional ? { conditional: '' } : {}) },
    querySelector: (selector) => (selector.includes('go') ? go : problem),
    getAttribute: (name) => name.slice(10)
  }
  return { form, go, problem, went, asked, signals, waits }
}

test('one touch, and they are in', async (t) => {
  const { form, go, went, asked } = aPage(t)
  const undo = mount(form)
  go.dispatchEvent(new Event('click'))
  await soon()

  assert.deepEqual(asked, ['/options', '/finish'])
  assert.deepEqual(went, ['/ca/me'])
  undo()
})

test('whoever stops, or was not checked, reads what to do', async (t) => {
  const { form, go, problem, went } = aPage(t, { answer: async () => { throw new DOMException('no', 'NotAllowedError') } })
  const undo = mount(form)
  go.dispatchEvent(new Event('click'))
  await soon()

  assert.equal(problem.textContent, 'stopped')
  assert.equal(go.disabled, false)
  assert.deepEqual(went, [])
  undo()
})

test('a device that has one already says so', async (t) => {
  const { form, go, problem } = aPage(t, { kind: 'enrol', answer: async () => { throw new DOMException('no', 'InvalidStateError') } })
  const undo = mount(form)
  go.dispatchEvent(new Event('click'))
  await soon()

  assert.equal(problem.textContent, 'known')
  undo()
})

test('the sentence of the house is read, and an unknown passkey may be forgotten', async (t) => {
  const finish = () => new Response('{"error":"Not accepted.","unknown":true}', { status: 403 })
  const { form, go, problem, signals } = aPage(t, { finish })
  const undo = mount(form)
  go.dispatchEvent(new Event('click'))
  await soon()

  assert.equal(problem.textContent, 'Not accepted.')
  assert.deepEqual(signals, [{ rpId: 'vilaclara.test', credentialId: 'key' }])
  undo()
})

test('a refusal of a passkey that the house knows makes the device forget nothing', async (t) => {
  const finish = () => new Response('{"error":"Not accepted.","unknown":false}', { status: 403 })
  const { form, go, signals } = aPage(t, { finish })
  const undo = mount(form)
  go.dispatchEvent(new Event('click'))
  await soon()

  assert.deepEqual(signals, [])
  undo()
})

test('the field offers it, and it is enough to choose it there', async (t) => {
  const { form, went, waits } = aPage(t, { conditional: true })
  const undo = mount(form)
  await soon()
  assert.equal(waits.length, 1)

  waits.answer()
  await soon()

  assert.deepEqual(went, ['/ca/me'])
  undo()
})

test('the button takes the offer of the field back first, and leaving the page too', async (t) => {
  const { form, go, waits, problem } = aPage(t, { conditional: true })
  const undo = mount(form)
  await soon()
  go.dispatchEvent(new Event('click'))
  await soon()
  assert.equal(waits[0].aborted, true)
  assert.equal(problem.textContent, '')

  undo()

  assert.equal(waits.at(-1).aborted, true)
})

test('the device hears which passkeys are still taken', async (t) => {
  const { signals } = aPage(t)
  mountSignals(/** @type {any} */ ({ dataset: { rpId: 'vilaclara.test', handle: 'h', accepted: 'a b' } }))
  mountSignals(/** @type {any} */ ({ dataset: { rpId: 'vilaclara.test', handle: 'h', accepted: '' } }))
  await soon()

  assert.deepEqual(signals.map((one) => one.allAcceptedCredentialIds), [['a', 'b'], []])
})
